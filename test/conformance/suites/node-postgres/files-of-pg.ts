import { globSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from '../child.ts'
import { environment, type Results, type Run } from '../suite.ts'
import { guardFlags } from './guard-flags.ts'

/** Milliseconds for one file: what hangs is ended and counts as failed. */
const fileMillis = 30_000

/** pg's tests are scripts: each passes if its process ends with 0. */
export async function runFilesOfPg(folder: string, { isGuarded, server, only }: Run): Promise<Results> {
  const cwd = join(folder, 'packages/pg')
  const all = ['test/unit/**/*-tests.js', 'test/integration/**/*-tests.js']
    .flatMap((pattern) => globSync(pattern, { cwd }))
    .toSorted()
  const results = new Map<string, string | undefined>()
  for (const file of only === undefined ? all : [only]) {
    const args = [...(isGuarded ? guardFlags : []), file]
    const { code, stdout, stderr } = await runChild(process.execPath, args, {
      cwd,
      env: environment(server),
      limitMillis: fileMillis,
    })
    results.set(file, code === 0 ? undefined : `exit ${code}\n${`${stdout}${stderr}`.slice(-1000)}`)
  }
  return results
}
