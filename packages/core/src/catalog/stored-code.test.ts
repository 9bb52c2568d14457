import { describe, expect, it } from 'vitest'
import { catalogOf, setting, shopCatalog } from '../../../../test/support/catalog.ts'
import { createGuard, type Guard } from '../guard/guard.ts'
import type { CatalogDescription, DescribedRoutine } from './description.ts'

function guardOf(given: Partial<CatalogDescription>): Guard {
  return createGuard({ catalog: catalogOf(given), observe: false })
}

function routine(schema: string, name: string, count: number, more: Partial<DescribedRoutine> = {}): DescribedRoutine {
  return { schema, name, least: count, most: count, leaves: [setting()], ...more }
}

/** The rules of what is found in a text. */
function rulesIn(guard: Guard, sql: string): string[] {
  return guard.inspect(sql).findings.map(({ rule }) => rule)
}

const set = ['session/set-config']
const undecided = ['statement/undecided']

describe('a function is found by its name', () => {
  const harmless = { leaves: [] }
  const guard = guardOf({
    routines: [
      routine('public', 'one', 1),
      routine('public', 'over', 1),
      routine('public', 'over', 2, harmless),
      routine('public', 'both', 1),
      routine('public', 'both', 1, harmless),
      routine('public', 'twice', 1),
      routine('public', 'twice', 1),
      routine('public', 'hidden', 0, harmless),
      routine('shop', 'hidden', 0),
      routine('shop', 'mine', 0),
      routine('tenant_1', 'everywhere', 0),
      routine('tenant_2', 'everywhere', 0),
      routine('tenant_1', 'somewhere', 0),
      routine('tenant_2', 'somewhere', 0, harmless),
      routine('public', 'lower', 1, { isBuiltIn: true }),
      routine('public', 'far', 2, harmless),
      routine('shop', 'far', 1),
      routine('public', '__proto__', 0),
      routine('public', 'constructor', 0),
    ],
  })

  it.each<[string, readonly string[]]>([
    ['SELECT one(1)', set],
    ['SELECT one(1, 2)', []],
    ['SELECT one()', []],
    ['SELECT over(1)', set],
    ['SELECT over(1, 2)', []],
    ['SELECT both($1)', undecided],
    ['SELECT twice($1)', set],
    ['SELECT hidden()', []],
    ['SELECT shop.hidden()', set],
    ['SELECT mine()', set],
    ['SELECT everywhere()', set],
    ['SELECT somewhere()', undecided],
    ['SELECT tenant_1.somewhere()', set],
    ['SELECT tenant_2.somewhere()', []],
    ["SELECT lower('A')", []],
    ["SELECT pg_catalog.lower('A')", []],
    ["SELECT public.lower('A')", set],
    ['SELECT far(1)', set],
    ['SELECT __proto__()', set],
    ['SELECT constructor()', set],
    ['SELECT toString()', []],
    ['SELECT "One"(1)', []],
    ['PREPARE p AS SELECT one(1); EXECUTE p', ['session/prepared-statement', ...set]],
    ['SELECT one(1) FROM', undecided],
  ])('%s: %j', (sql, found) => {
    expect(rulesIn(guard, sql)).toEqual(found)
  })
})

describe('code in doubt', () => {
  const guard = (mode: 'warn' | 'strict'): Guard =>
    createGuard({
      mode,
      catalog: catalogOf({
        routines: [routine('public', 'py', 0, { leaves: [], undecided: 'a function in the language plpython3u' })],
      }),
    })

  it('names the function and the reason', () => {
    expect(guard('warn').inspect('SELECT py()').findings[0]?.message).toContain(
      '(public.py(): a function in the language plpython3u)',
    )
  })
})

describe('event triggers', () => {
  const guard = guardOf({
    eventTriggers: [
      { name: 'on_table', event: 'ddl_command_end', tags: ['CREATE TABLE'], leaves: [setting('log_ddl()')] },
      { name: 'on_drop', event: 'sql_drop', leaves: [setting('log_drop()')] },
      { name: 'at_login', event: 'login', leaves: [setting('log_login()')] },
    ],
  })

  it.each<[string, readonly string[]]>([
    ['CREATE TABLE t (id int)', set],
    ['CREATE VIEW v AS SELECT 1', []],
    ['CREATE TABLE t AS SELECT 1', []],
    ['DROP TABLE t', set],
    ['ALTER TABLE t DROP COLUMN c', set],
    ['SELECT 1', []],
    ['INSERT INTO t VALUES (1)', []],
    ['VACUUM', []],
    ['CREATE ROLE r', []],
    ['BEGIN', []],
  ])('%s: %j', (sql, found) => {
    expect(rulesIn(guard, sql).filter((rule) => rule !== 'transaction/unpinned')).toEqual(found)
  })

  it('are named in the message', () => {
    expect(guard.inspect('DROP TABLE t').findings[0]?.via).toEqual([
      'DROP TABLE',
      'event trigger on_drop',
      'log_drop()',
      'set_config(…, false)',
    ])
  })
})

describe('a guard with a catalog', () => {
  it('repairs what the text says, and not what the database does', () => {
    const warnings: string[] = []
    const guard = createGuard({
      mode: 'repair',
      catalog: shopCatalog,
      logger: { warn: (text) => void warnings.push(text) },
    })
    const { findings, repaired } = guard.inspect('SELECT hide_set()', { inTransaction: true })
    expect({ rules: findings.map(({ rule }) => rule), repaired }).toEqual({ rules: set, repaired: undefined })
    // One of the same rule in the text: repairing it would hide the other one.
    const both = guard.inspect("SELECT hide_set(), set_config('app.a', 'x', false)", { inTransaction: true })
    expect(both.repaired).toBeUndefined()
    const alone = guard.inspect("SELECT set_config('app.a', 'x', false)", { inTransaction: true })
    expect(alone.repaired?.sql).toBe("SELECT set_config('app.a', 'x', true)")
  })

  it('follows a tracked setting, as if the text said it', () => {
    const pooler = createGuard().pooler
    const tracking = { ...pooler, trackedSettings: new Set(['app.tenant']) }
    expect(createGuard({ catalog: shopCatalog, pooler: tracking }).inspect('SELECT hide_set()').findings).toEqual([])
  })

  it('finds a lock of a function and its unlock in one text', () => {
    const lock = {
      rule: 'session/advisory-lock',
      state: 'advisory-lock',
      what: 'pg_advisory_lock',
      object: 'exclusive 7',
    } as const
    const guard = guardOf({ routines: [routine('public', 'lock_it', 0, { leaves: [lock] })] })
    expect(rulesIn(guard, 'SELECT lock_it()')).toEqual(['session/advisory-lock'])
    expect(rulesIn(guard, 'SELECT lock_it(); SELECT pg_advisory_unlock(7)')).toEqual([])
    expect(rulesIn(guard, 'SELECT lock_it(); SELECT pg_advisory_unlock(8)')).toEqual(['session/advisory-lock'])
  })

  it('remembers each text on its own', () => {
    const guard = createGuard({ catalog: shopCatalog, observe: false })
    const plain = createGuard({ observe: false })
    for (let n = 0; n < 3; n++) {
      expect(rulesIn(guard, 'INSERT INTO orders VALUES (1)')).toEqual(set)
      expect(rulesIn(plain, 'INSERT INTO orders VALUES (1)')).toEqual([])
      expect(rulesIn(guard, 'UPDATE orders SET id = 1')).toEqual([])
    }
  })
})
