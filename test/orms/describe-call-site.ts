import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'tsup'
import { describe, expect, it } from 'vitest'
import { folderIn } from '../integration/register/run-registered.ts'
import { pathOf, register, runApplication, split } from './run-application.ts'

/** The line of an application that sends the planted statement. */
function lineOf(name: string): number {
  const lines = readFileSync(join(import.meta.dirname, pathOf(name)), 'utf8').split('\n')
  return lines.findIndex((line) => line.includes('(planted)')) + 1
}

/** Bundles an application with a source map, and returns its path. */
async function bundle(name: string): Promise<string> {
  const folder = folderIn(import.meta.dirname, {})
  await build({
    entry: [join(import.meta.dirname, pathOf(name))],
    outDir: folder,
    format: 'esm',
    sourcemap: true,
    external: [/^[^./]/],
    silent: true,
    config: false,
  })
  return `${basename(folder)}/${name}.js`
}

/** Describes an ORM through which the reported line is the one of the application. */
export function describeCallSite(name: string, target: () => { readonly port: number }): void {
  describe('the call site', () => {
    it('is the line of the application', async () => {
      const { findings } = await runApplication(pathOf(name), target(), register)
      expect(split(findings).planted[0]?.place).toBe(`${pathOf(name)}:${lineOf(name)}:3`)
    })

    it('is the line before the build with source maps', async () => {
      const script = await bundle(name)
      const [mapped, plain] = await Promise.all([
        runApplication(script, target(), [...register, '--enable-source-maps']),
        runApplication(script, target(), register),
      ])
      expect(split(mapped.findings).planted[0]?.place).toContain(`${pathOf(name)}:${lineOf(name)}:3`)
      expect(split(plain.findings).planted[0]?.place).toContain(`${script}:`)
    })
  })
}
