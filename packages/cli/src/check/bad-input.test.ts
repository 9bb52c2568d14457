import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bin, userEnvironment } from '../../../../test/integration/cli/run-poolsafe.ts'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../test/support/cli/project.ts'
import { isRoot } from '../../../testing/src/servers/server-user.ts'

const unsafe = "await pool.query('SET search_path = tenant_a')\n"

describe('the command line says what is wrong and what to do', () => {
  it.each([
    [['check', '--output', 'none/a.json'], 'none/a.json cannot be written: its folder does not exist; create it'],
    [['check', '--output', 'src'], 'src cannot be written: it is a folder; name a file in it'],
    [['check', '--output', 'src/a.ts/b'], 'cannot be written: its folder is a file; name another file'],
    [['check', '--update-baseline', '--baseline', 'none/b.json'], '--update-baseline: '],
    [['check', '--baseline', 'src'], 'it is a folder; name a file, or put the folders to check in front of --baseline'],
    [['check', '--cache-location', 'src/a.ts'], 'src/a.ts is a file; name a folder'],
    [['check', '--rule', ''], "option '--rule <ids>' argument '' is invalid. It is empty."],
    [['check', '--pooler', ' , '], "option '--pooler <names>' argument ' , ' is invalid. It is empty."],
    [['check', '--rule', 'session/sett'], "there is no rule 'session/sett'; did you mean 'session/set'? Known rules: "],
    [['check', '--rule', 'nope'], "there is no rule 'nope'. Known rules: connection/"],
    [['check', '--fix', '--format', 'xml'], "there is no format 'xml'. Known formats: pretty, concise, json"],
    [['check', 'none'], 'none; name one, or none for all files'],
    [['check', '--bogus'], 'See poolsafe check --help.'],
    [['explain', 'session/lisen'], "there is no rule 'session/lisen'; did you mean 'session/listen'? Known rules: "],
    [['explain', ' '], 'the text is empty; give SQL or the id of a rule'],
    [['completion', 'csh'], "there is no shell 'csh'"],
    [['size', '--cores', '-1'], "--cores must be a number of at least 0, such as 8 or 0.5; got '-1'"],
    [['run', '--output', 'none/a.html', '--', 'true'], 'its folder does not exist; create it, or name another file'],
    [['run'], 'See poolsafe run --help.'],
  ])('%j', async (args, message) => {
    const { exitCode, err } = await runCli(args, { cwd: writeProject({ 'src/a.ts': unsafe }) })
    expect(exitCode).toBe(2)
    expect(err).toContain(message)
    expect(err).not.toContain('bug of poolsafe')
  })

  it('in a repository without a commit', async () => {
    const cwd = writeProject({ 'a.ts': unsafe })
    execFileSync('git', ['init', '--quiet'], { cwd })
    expect((await runCli(['check', '--changed'], { cwd })).err).toContain('no commit yet, so all files are new')
  })

  it('for a pipe', async () => {
    const cwd = writeProject({})
    execFileSync('mkfifo', [join(cwd, 'a.ts')])
    expect((await runCli(['check', 'a.ts'], { cwd })).err).toContain('neither a file nor a folder')
    expect((await runCli(['check'], { cwd })).exitCode).toBe(0)
  })
})

describe('a check', () => {
  it('says where it looked if there was no file', async () => {
    const cwd = writeProject({ 'test/a.ts': unsafe })
    const { exitCode, err } = await runCli(['check'], { cwd })
    expect(exitCode).toBe(0)
    expect(err).toBe(
      `no file was checked in ${cwd}; check leaves out node_modules, build output and what Git ignores; --tests adds tests and examples\n`,
    )
  })

  it('fails if standard input cannot be checked', async () => {
    const args = ['check', '--format', 'concise', '--stdin-filepath', 'src/a.ts']
    const { exitCode, out } = await runCli(args, { cwd: writeProject({}), input: "pool.query('SET a.b = 1'" })
    expect(exitCode).toBe(2)
    expect(out).toContain('src/a.ts: not checked: it does not parse')
  })
})

describe('without permission', () => {
  const migration = "SET lock_timeout = '1s';\n"

  /** Runs `check` as a user who may not do everything, as root may. */
  function checkAsNobody(cwd: string, ...args: readonly string[]): ReturnType<typeof spawnSync> {
    const user = isRoot ? { uid: 65_534, gid: 65_534 } : {}
    return spawnSync(process.execPath, [bin, 'check', '--format', 'concise', ...args], {
      cwd,
      env: userEnvironment(),
      encoding: 'utf8',
      ...user,
    })
  }

  it('a folder and a file are reported once, and the rest is checked and repaired', () => {
    const cwd = writeProject({
      'locked/a.ts': unsafe,
      'src/secret.ts': unsafe,
      'src/a.ts': unsafe,
      'migrations/1.sql': migration,
      'migrations/2.sql': migration,
    })
    for (const [path, mode] of modes) chmodSync(join(cwd, path), mode)
    const { status, stdout, stderr } = checkAsNobody(cwd, '--fix')
    expect(String(stdout).split('\n')).toEqual([
      expect.stringContaining('migrations/1.sql:1:1: note'),
      expect.stringContaining('src/a.ts:1:19: error'),
      'locked: not checked: permission denied',
      'src/secret.ts: not checked: permission denied',
      '',
    ])
    expect(status).toBe(1)
    expect(String(stderr)).toContain(
      'not changed  migrations/1.sql: permission denied; name a file that you may write\n',
    )
    expect(String(stderr)).toContain('changed 1 file\n')
    expect(readFileSync(join(cwd, 'migrations/2.sql'), 'utf8')).toContain('SET LOCAL')
    expect(checkAsNobody(cwd, 'locked').status).toBe(2)
    chmodSync(join(cwd, 'locked'), 0o700)
  })
})

/** The folder is open for all, and `nobody` is neither the owner nor in the group. */
const modes: readonly (readonly [string, number])[] = [
  ['.', 0o777],
  ['migrations/1.sql', 0o444],
  ['migrations/2.sql', 0o666],
  ['src/secret.ts', 0],
  ['locked', 0],
]
