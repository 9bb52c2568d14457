import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../test/support/cli/fake-terminal.ts'
import * as commands from './commands/all.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }

describe('poolsafe', () => {
  it('prints its version', async () => {
    expect(await runCli(['--version'])).toEqual({ exitCode: 0, out: `${version}\n`, err: '' })
  })

  it('lists its commands in --help', async () => {
    const { exitCode, out } = await runCli(['--help'])
    expect(exitCode).toBe(0)
    for (const name of Object.keys(commands)) expect(out).toContain(`\n  ${name} `)
  })

  it.each(Object.keys(commands))('%s --help shows examples', async (name) => {
    const { exitCode, out } = await runCli([name, '--help'])
    expect(exitCode).toBe(0)
    expect(out).toMatch(new RegExp(`\nExamples:\n  (?:npx )?poolsafe ${name}`))
  })

  it('suggests the command that is meant, and exits with 2', async () => {
    const { exitCode, err } = await runCli(['explian'])
    expect(exitCode).toBe(2)
    expect(err).toContain('Did you mean explain?')
  })

  it('exits with 2 for an unknown option', async () => {
    expect(await runCli(['explain', '--jsn', 'SELECT 1'])).toMatchObject({ exitCode: 2, out: '' })
  })
})
