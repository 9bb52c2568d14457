import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'
import { everyPooler } from '@poolsafe/config'
import type { Verdicts } from './verdicts.ts'

describe('poolsafe explain', () => {
  it('judges a text for every pooler, and exits with 1 if one does not carry it', async () => {
    const { exitCode, out } = await runCli(['explain', 'LISTEN orders'])
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^autocommit +in a transaction +pool\.query +pooler\n/)
    for (const { label } of everyPooler()) expect(out.replaceAll(/\s+/g, ' ')).toContain(label)
    expect(out).toContain('(session/listen)')
    expect(out).toContain('node_modules/@poolsafe/core/docs/rules/session-listen.md')
  })

  it('says safe, and exits with 0, if nothing is found', async () => {
    const { exitCode, out } = await runCli(['explain', 'SELECT 1'])
    expect(exitCode).toBe(0)
    expect(out).toMatch(/\nsafe +safe +safe /)
  })

  it('tells a transaction from autocommit', async () => {
    const { out } = await runCli(['explain', '--json', '--pooler', 'pgbouncer@1.24', "SET LOCAL work_mem = '1MB'"])
    const { groups } = JSON.parse(out) as Verdicts
    expect(groups).toEqual([
      {
        poolers: ['PgBouncer 1.24, transaction mode'],
        outcomes: {
          autocommit: [{ rule: 'transaction/set-local', outcome: 'ineffective' }],
          transaction: [],
          borrowed: [{ rule: 'transaction/set-local', outcome: 'ineffective' }],
        },
      },
    ])
  })

  it('reads standard input without an argument', async () => {
    const { exitCode, out } = await runCli(['explain'], { input: 'SET search_path = a' })
    expect(exitCode).toBe(1)
    expect(out).toContain('SET search_path')
  })

  it('explains a rule by its id', async () => {
    const { exitCode, out } = await runCli(['explain', 'session/advisory-lock'])
    expect(exitCode).toBe(0)
    expect(out).toContain('pg_advisory_xact_lock')
  })

  it.each([
    [['explain', 'session/listn'], "there is no rule 'session/listn'"],
    [['explain', '--pooler', 'pgbuncer', 'SELECT 1'], "did you mean 'pgbouncer'?"],
    [['explain', '--pooler', 'pgbouncer@9', 'SELECT 1'], "version must be a known version, '1.18' to '1.26'"],
    [['explain', ' '], 'the text is empty'],
    [['explain'], 'explain needs a text'],
  ])('exits with 2: %j', async (args, message) => {
    const { exitCode, out, err } = await runCli(args)
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' })
    expect(err).toContain(message)
  })

  it('prints colours only where they are wanted', async () => {
    const colour = '\u001B['
    const args = ['explain', 'LISTEN a']
    expect((await runCli(args)).out).not.toContain(colour)
    expect((await runCli(args, { isInteractive: true })).out).toContain(colour)
    expect((await runCli(args, { isInteractive: true, env: { NO_COLOR: '1' } })).out).not.toContain(colour)
    expect((await runCli([...args, '--no-color'], { isInteractive: true })).out).not.toContain(colour)
    expect((await runCli([...args, '--color'])).out).toContain(colour)
  })
})
