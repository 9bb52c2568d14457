import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function runDemo(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [
    '--conditions=@poolsafe/source',
    join(import.meta.dirname, 'main.ts'),
    ...args,
  ])
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}

describe('the demo', () => {
  // Each scene waits most of the time.
  it.concurrent.each([
    ['the hostile pooler', []],
    ['PgBouncer', ['--pooler', 'pgbouncer']],
  ])(
    'shows what every scene is about behind %s, and prints nothing but one JSON document with --json',
    { timeout: 120_000 },
    async (_name, args) => {
      const { code, stdout, stderr } = await runDemo('--json', ...args)
      // On a busy machine statements are slow, and poolsafe says so.
      expect(stderr.replaceAll(/^\[poolsafe\] slow query: .*\n/gm, '')).toBe('')
      const { scenes } = JSON.parse(stdout) as { scenes: { name: string; held: boolean }[] }
      expect(scenes.filter(({ held }) => !held)).toEqual([])
      expect(scenes.map(({ name }) => name)).toEqual(['tenants', 'migrations', 'prisma', 'listen', 'pool', 'legacy'])
      expect(code).toBe(0)
    },
  )

  it.each([
    ['--jsn', "Unknown option '--jsn'"],
    ['--pooler=odyssey', 'Unknown --pooler odyssey; known are hostile and pgbouncer.'],
    ['pol', 'Unknown scene pol; known scenes are tenants, migrations, prisma, listen, pool, legacy.'],
  ])('names an argument that does not exist, explains itself and exits with 2: %s', async (argument, named) => {
    const { code, stdout, stderr } = await runDemo(argument)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.startsWith(named)).toBe(true)
    expect(stderr).toContain('\n\nUsage: npm run demo')
  })
})
