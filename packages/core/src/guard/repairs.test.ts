import { describe, expect, it } from 'vitest'
import { createGuard } from './guard.ts'
import { pgbouncer } from '../poolers/pgbouncer.ts'
import { direct } from '../poolers/direct.ts'
import { rules } from '../rules/index.ts'
import type { GuardOptions } from './options.ts'

const inTransaction = { inTransaction: true } as const

function repaired(sql: string, options: GuardOptions = {}, context: object = inTransaction): string | undefined {
  return createGuard({ mode: 'repair', pooler: pgbouncer({ version: '1.18' }), ...options }).inspect(sql, context)
    .repaired?.sql
}

describe.each(rules.filter(({ repair }) => repair !== undefined))('a repair of $id', ({ id, repair }) => {
  it.each(repair?.examples ?? [])('is safe in the place of $sql', ({ sql, sent }) => {
    const guard = createGuard({ mode: 'repair' })
    expect(guard.inspect(sql, inTransaction).repaired).toEqual({
      sql: sent,
      repairs: [{ rule: id, how: expect.any(String) }],
    })
    expect(guard.inspect(sent, inTransaction).findings).toEqual([])
  })
})

describe('a statement is repaired', () => {
  const set = 'SET work_mem = 65536'

  it('in an open transaction alone', () => {
    expect(repaired(set)).toBe('SET LOCAL work_mem = 65536')
    expect(repaired(set, {}, {})).toBeUndefined()
    expect(repaired(set, {}, { pinned: false })).toBeUndefined()
    expect(repaired(`${set}; SELECT 1`, {}, {})).toBeUndefined()
  })

  it('between the BEGIN and the COMMIT of its own text', () => {
    expect(repaired(`${set}; BEGIN; ${set}; COMMIT; ${set}`, {}, {})).toBe(
      `${set}; BEGIN; SET LOCAL work_mem = 65536; COMMIT; ${set}`,
    )
    expect(repaired(`COMMIT AND CHAIN; ${set}`)).toBe('COMMIT AND CHAIN; SET LOCAL work_mem = 65536')
    expect(repaired(`COMMIT; ${set}`)).toBeUndefined()
  })

  it('each time that a text sends it', () => {
    const [first, last] = ["SET a.b = '1'", "SET a.b = '2'"]
    expect(repaired(`${first}; ${last}`)).toBe("SET LOCAL a.b = '1'; SET LOCAL a.b = '2'")
    expect(repaired('SET ROLE a; SET ROLE NONE; SET ROLE b')).toBe(
      'SET LOCAL ROLE a; SET LOCAL ROLE NONE; SET LOCAL ROLE b',
    )
    expect(repaired('SET ROLE NONE; SET "ROLE" = a; SET ROLE NONE')).toBe(
      'SET LOCAL ROLE NONE; SET LOCAL "ROLE" = a; SET LOCAL ROLE NONE',
    )
    expect(repaired('SET lock_timeout FROM CURRENT; SET lock_timeout TO DEFAULT; RESET ALL')).toBe(
      'SET LOCAL lock_timeout FROM CURRENT; SET LOCAL lock_timeout TO DEFAULT; RESET ALL',
    )
    const [lock, unlock] = ['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_unlock(1)']
    const held = 'SELECT pg_advisory_xact_lock(1) AS pg_advisory_lock'
    expect(repaired(`${lock}; ${unlock}; ${lock}`)).toBe(`${lock}; ${unlock}; ${held}`)
  })

  it('with the policy repair of its rule, in any mode', () => {
    for (const mode of ['warn', 'strict'] as const)
      expect(repaired(set, { mode, rules: { 'session/set': 'repair' } })).toBe('SET LOCAL work_mem = 65536')
  })

  it.each(['allow', 'warn', 'throw'] as const)('not with the policy %s', (policy) => {
    expect(repaired(set, { rules: { 'session/set': policy } })).toBeUndefined()
  })

  it('not where it does no harm', () => {
    expect(repaired(set, { pooler: direct() })).toBeUndefined()
    expect(repaired("SET TIME ZONE 'UTC'")).toBeUndefined()
    expect(repaired(`${set}; RESET work_mem`)).toBeUndefined()
    expect(repaired('CREATE TEMP TABLE t (id int); DROP TABLE t')).toBeUndefined()
  })

  it('not where it takes back what the same text leaves without a repair', () => {
    const unrepaired = "PREPARE p AS SELECT set_config('lock_timeout', '2', false); EXPLAIN ANALYZE EXECUTE p"
    expect(repaired(`${unrepaired}; DEALLOCATE p; SET lock_timeout TO DEFAULT; ${set}`)).toBe(
      `${unrepaired}; DEALLOCATE p; SET lock_timeout TO DEFAULT; SET LOCAL work_mem = 65536`,
    )
    expect(repaired(`DO $$ BEGIN SET lock_timeout = 2; END $$; SET lock_timeout TO DEFAULT`)).toBeUndefined()
    expect(repaired(`DO $$ BEGIN SET lock_timeout = 2; END $$; SET ROLE a`)).toBe(
      `DO $$ BEGIN SET lock_timeout = 2; END $$; SET LOCAL ROLE a`,
    )
  })

  it('not if the pooler keeps a part of what it sets', () => {
    const both = "SELECT set_config('TimeZone', 'UTC', false), set_config('work_mem', '65536', false)"
    expect(repaired(both)).toBeUndefined()
  })

  it('not what an exception allows', () => {
    expect(repaired(`${set} /* poolsafe-allow session/set: known */`)).toBeUndefined()
    expect(repaired(set, { exceptions: [{ rule: 'session/set', reason: 'known' }] })).toBeUndefined()
    const guard = createGuard({ mode: 'repair' })
    const inspect = (): unknown => guard.inspect(set, inTransaction).repaired
    expect(guard.allow('session/set', 'known', inspect)).toBeUndefined()
    expect(guard.allow('session/role', 'another rule', inspect)).toBeDefined()
    expect(inspect()).toBeDefined()
  })

  it('only in the parts that are found, in a text of many', () => {
    const text = `SELECT 1; ${set}; LISTEN news; SET ROLE app; SELECT 'SET x = 1'`
    expect(repaired(text, { rules: { 'session/role': 'warn' } })).toBe(
      "SELECT 1; SET LOCAL work_mem = 65536; LISTEN news; SET ROLE app; SELECT 'SET x = 1'",
    )
  })
})

describe('the memory of plans', () => {
  it('is bounded: a million texts keep the plans of the newest', () => {
    const guard = createGuard({ mode: 'repair', cacheBytes: 65_536 })
    for (let index = 0; index < 2_000; index++)
      expect(guard.inspect(`SET app.a${index} = 1`, inTransaction).repaired?.sql).toBe(`SET LOCAL app.a${index} = 1`)
  })

  it('is of the exact text: two that differ in comments alone keep theirs', () => {
    expect(repaired('SET a.b = 1 /* one */')).toBe('SET LOCAL a.b = 1 /* one */')
    const guard = createGuard({ mode: 'repair' })
    for (const comment of ['one', 'two', 'one'])
      expect(guard.inspect(`SET a.b = 1 /* ${comment} */`, inTransaction).repaired?.sql).toBe(
        `SET LOCAL a.b = 1 /* ${comment} */`,
      )
  })

  it('is also of a text that takes something back, whose plan depends on its transaction', () => {
    const guard = createGuard({ mode: 'repair' })
    const repairs = (): unknown =>
      guard.inspect('SET ROLE a; SET ROLE NONE; SET ROLE b', inTransaction).repaired?.repairs
    expect(repairs()).toHaveLength(3)
    expect(repairs()).toBe(repairs())
  })
})
