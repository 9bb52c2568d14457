import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'

const bin = resolve(import.meta.dirname, '../../bin.ts')
const patience = { timeout: 60_000, interval: 20 }

const endOfCheck = /watching \d+ folders?; Ctrl\+C ends it\n/

/** A watch that runs, with what it prints. */
interface Watch {
  readonly child: ChildProcess
  /** Waits for the next check to end, and returns its report. */
  readonly next: () => Promise<string>
}

function startWatch(cwd: string, ...args: readonly string[]): Watch {
  const child = spawn(
    process.execPath,
    ['--conditions=@poolsafe/source', bin, 'check', '--watch', '--format', 'concise', ...args],
    { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] } },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const next = async (): Promise<string> => {
    await vi.waitFor(() => expect(printed).toMatch(endOfCheck), patience)
    const [report = ''] = printed.split(endOfCheck, 1)
    printed = printed.slice(report.length).replace(endOfCheck, '')
    return report
  }
  return { child, next }
}

describe('check --watch', () => {
  it('checks again when a file is new, renamed, changed or gone, and ends on SIGINT with 130', async () => {
    const cwd = writeProject({ 'src/a.ts': "await pool.query('LISTEN a')\n" })
    const { child, next } = startWatch(cwd)
    expect(await next()).toContain('src/a.ts:1')

    mkdirSync(join(cwd, 'src/deep/er'), { recursive: true })
    writeFileSync(join(cwd, 'src/deep/er/b.ts'), "await pool.query('LISTEN b')\n")
    await vi.waitFor(async () => expect(await next()).toContain('src/deep/er/b.ts:1'), patience)

    renameSync(join(cwd, 'src/deep/er/b.ts'), join(cwd, 'src/deep/er/c.ts'))
    await vi.waitFor(async () => expect(await next()).toMatch(/^src\/a\.ts.*\nsrc\/deep\/er\/c\.ts.*\n$/), patience)

    rmSync(join(cwd, 'src/deep'), { recursive: true })
    writeFileSync(join(cwd, 'src/a.ts'), 'export {}\n')
    await vi.waitFor(async () => expect(await next()).toBe(''), patience)

    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
  }, 120_000)

  it('goes on behind a configuration that does not load, and reads the next one', async () => {
    const cwd = writeProject({ 'src/a.ts': "await pool.query('LISTEN a')\n", 'poolsafe.config.json': '{' })
    const { child, next } = startWatch(cwd, '--output', 'report.txt')
    expect(await next()).toContain('poolsafe.config.json does not load')
    writeFileSync(join(cwd, 'poolsafe.config.json'), '{"guard":{"rules":{"session/listen":"allow"}}}')
    await vi.waitFor(async () => expect(await next()).toBe(''), patience)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([143, null])
  }, 120_000)

  it.each([
    [['--stdin-filepath', 'a.ts'], '--watch cannot check standard input'],
    [['--update-baseline'], '--watch cannot write a baseline'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, err } = await runCli(['check', '--watch', ...args], { cwd: writeProject({}) })
    expect({ exitCode, err }).toEqual({ exitCode: 2, err: expect.stringContaining(message) as string })
  })
})
