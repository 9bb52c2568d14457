import { describe, expect, it } from 'vitest'
import { findingsIn } from '../../../../test/support/cli/findings-in.ts'

describe('a comment allows', () => {
  it.each([
    ['in front of the statement', "// poolsafe-allow session/listen: own connection\nawait client.query('LISTEN a')"],
    ['in front, as a block', "/* poolsafe-allow session/listen: own connection */\nawait client.query('LISTEN a')"],
    ['behind it on its line', "await client.query('LISTEN a') // poolsafe-allow session/listen: own connection"],
    [
      'in front, with another comment between',
      "// poolsafe-allow session/listen: own connection\n// why\nawait client.query('LISTEN a')",
    ],
    [
      'in front of a statement of several lines',
      "// poolsafe-allow session/listen: own connection\nawait client.query(\n  'LISTEN a',\n)",
    ],
    [
      'in front of an argument',
      "await client.query(\n  // poolsafe-allow session/listen: own connection\n  'LISTEN a',\n)",
    ],
    [
      'in front of a function',
      "// poolsafe-allow session/listen: own connection\nfunction run() {\n  client.query('LISTEN a')\n}",
    ],
    ['in the SQL', "await client.query('/* poolsafe-allow session/listen: own connection */ LISTEN a')"],
    [
      'in the SQL of a template',
      'await client.query(`\n  LISTEN a -- poolsafe-allow session/listen: own connection\n`)',
    ],
    [
      'as a scope of the guard',
      "await guard.allow('session/listen', 'own connection', () => client.query('LISTEN a'))",
    ],
    [
      'as a scope for several rules',
      "allow(['session/set', 'session/listen'], 'own', async () => { await client.query('LISTEN a') })",
    ],
    ['a configuration', "// poolsafe-allow session/set: all sessions alike\nconst db = knex({ searchPath: ['a'] })"],
  ])('%s', (_, source) => {
    expect(findingsIn(source)).toEqual([])
  })

  it.each([
    ['in front', "-- poolsafe-allow session/set: runs over a direct connection\nSET lock_timeout = '1s';\n"],
    ['behind', "SET lock_timeout = '1s'; -- poolsafe-allow session/set: runs over a direct connection\n"],
    ['inside', "SET /* poolsafe-allow session/set: runs over a direct connection */ lock_timeout = '1s';\n"],
  ])('%s, in a file of SQL', (_, source) => {
    expect(findingsIn(source, { path: 'migrations/1.sql' })).toEqual([])
  })

  it('nothing but the statement that follows', () => {
    const source = "// poolsafe-allow session/listen: own\nclient.query('LISTEN a')\nclient.query('LISTEN b')"
    expect(findingsIn(source)).toEqual(['3 session/listen'])
    expect(findingsIn('-- poolsafe-allow session/listen: own\nLISTEN a;\nLISTEN b;', { path: 'a.sql' })).toEqual([
      'note 3 session/listen',
    ])
  })

  it('nothing but its rules', () => {
    expect(findingsIn("client.query('LISTEN a') // poolsafe-allow session/set: no")).toEqual([
      '1 session/listen',
      '1 poolsafe-allow session/set allows nothing here: remove it',
    ])
  })
})

describe('a comment is reported', () => {
  it.each([
    [
      "client.query('SELECT 1') // poolsafe-allow session/set: old",
      '1 poolsafe-allow session/set allows nothing here: remove it',
    ],
    [
      "client.query('SELECT 1') // poolsafe-allow session/set",
      '1 a comment poolsafe-allow allows nothing: it gives no reason',
    ],
    [
      '// poolsafe-allow session/sett: old\nf()',
      "1 a comment poolsafe-allow allows nothing: there is no rule 'session/sett': did you mean 'session/set'?",
    ],
  ])('%s', (source, message) => {
    expect(findingsIn(source)).toEqual([message])
  })

  it('not where it is only mentioned', () => {
    expect(findingsIn("const help = 'write poolsafe-allow session/set: why'")).toEqual([])
  })
})
