import { describe, expect, it } from 'vitest'
import { createGuard, poolers } from '../index.ts'
import { engineOf } from './brand.ts'
import { changedParameters, keptBy, outlastsDiscard } from './session-residue.ts'

const engine = engineOf(createGuard({ logger: { warn: () => {} } }))
const peek = (sql: string): ReturnType<typeof engine.peek> => engine.peek(sql)

describe('state that a pooler keeps for its client', () => {
  const pgbouncer = poolers.pgbouncer({ version: '1.26', serverVersion: 18 })

  it('names tracked settings', () => {
    expect(keptBy(pgbouncer, peek("SET TIME ZONE 'UTC'"))).toEqual({ settings: ['timezone'], other: [] })
    expect(keptBy(pgbouncer, peek("SET work_mem = '1GB'"))).toBeUndefined()
    expect(keptBy(pgbouncer, peek("SET LOCAL TIME ZONE 'UTC'"))).toBeUndefined()
  })

  it('names other state of a pooler that pins', () => {
    const kept = keptBy(poolers.rdsProxy(), peek('CREATE TEMP TABLE a (b int)'))
    expect(kept).toEqual({ settings: [], other: [expect.stringContaining('TEMP')] })
  })

  it('reads roles as settings', () => {
    expect(keptBy(poolers.rdsProxy(), peek('SET ROLE a'))?.settings).toEqual(['role'])
  })
})

describe('state that DISCARD ALL leaves', () => {
  it.each(["LOAD 'auto_explain'", 'SELECT setseed(0.5)', "SELECT dblink_connect('a', 'b')"])('%s', (sql) => {
    expect(outlastsDiscard(peek(sql))).toBe(true)
  })

  it.each([
    'SELECT 1',
    "SET work_mem = '1GB'",
    'CREATE TEMP TABLE a (b int)',
    'LISTEN a',
    'SELECT pg_advisory_lock(1)',
  ])('not %s', (sql) => {
    expect(outlastsDiscard(peek(sql))).toBe(false)
  })

  it('is unknown for what cannot be judged', () => {
    expect(outlastsDiscard({ steps: [], isBatch: false, undecided: 'a reason' })).toBe(true)
  })
})

it('reported parameters that a client cannot set are not taken for its own', () => {
  const login = { TimeZone: 'UTC', in_hot_standby: 'off', server_version: '18.0' }
  const now = { TimeZone: 'Europe/Berlin', in_hot_standby: 'on', server_version: '18.1', search_path: 'a' }
  expect(changedParameters(login, now)).toEqual({ TimeZone: 'Europe/Berlin', search_path: 'a' })
})
