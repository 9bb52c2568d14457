import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { runCli } from '../support/cli/fake-terminal.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/watch.md'), 'utf8')

function blocksOf(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text)
}

/** Of the pods of a Deployment or a CronJob: a container. */
interface Container {
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string }[]
}

interface Template {
  readonly spec: { readonly containers: readonly Container[]; readonly restartPolicy?: string }
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly spec: {
    readonly selector?: { readonly matchLabels: object }
    readonly template?: Template & { readonly metadata: { readonly labels: object } }
    readonly jobTemplate?: { readonly spec: { readonly template: Template } }
  }
}

/** A command line that is right ends only for want of a server. */
async function errorOf(args: readonly string[]): Promise<string> {
  const { err } = await runCli(args, { env: { DATABASE_URL: 'postgresql://watcher@127.0.0.1:1/shop' } })
  return err
}

describe('the examples of docs/watch.md', () => {
  const manifests = blocksOf('yaml').map((text) => parse(text) as Manifest)

  it('are a Deployment and a CronJob', () => {
    expect(manifests.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      'apps/v1 Deployment',
      'batch/v1 CronJob',
    ])
    const [deployment, job] = manifests
    expect(deployment?.spec.selector?.matchLabels).toEqual(deployment?.spec.template?.metadata.labels)
    expect(job?.spec.jobTemplate?.spec.template.spec.restartPolicy).toBe('Never')
  })

  it('have containers with command lines that exist', async () => {
    const templates = manifests.map(({ spec }) => spec.template ?? spec.jobTemplate?.spec.template)
    expect(templates).toHaveLength(2)
    for (const template of templates) {
      const [container] = template?.spec.containers ?? []
      expect(container?.env.map(({ name }) => name)).toEqual(['DATABASE_URL'])
      const [npx, yes, name, ...command] = container?.command ?? []
      expect([npx, yes, name]).toEqual(['npx', '--yes', 'poolsafe'])
      expect(await errorOf([...command, ...(container?.args ?? [])])).toMatch(/^error: could not connect to 127/)
    }
  })

  it('have a unit of systemd with a command line that exists', async () => {
    const [unit = ''] = blocksOf('ini')
    const lines = unit.trim().split('\n')
    for (const line of lines) expect(line).toMatch(/^(?:\[\w+\]|\w+=\S.*|#.*|)$/)
    expect(lines.filter((line) => line.startsWith('['))).toEqual(['[Unit]', '[Service]', '[Install]'])
    const [, start = ''] = /^ExecStart=\S+npx poolsafe (.*)$/m.exec(unit) ?? []
    expect(await errorOf(start.split(' '))).toMatch(/^error: could not connect to 127/)
  })
})
