import type { Node } from '@pgsql/types'
import { maskedBy, uncertain, type Effect, type SessionState } from './effect.ts'
import {
  isBooleanConstant,
  isNullConstant,
  settingName,
  stringConstant,
  type FunctionCall,
} from '../sql/function-call.ts'
import { settingsExtension, withSettings } from './helper.ts'
import { setConfigLocally } from './repairs/local-set-config.ts'
import type { Rule } from './rule.ts'

function onSetConfig(call: FunctionCall): readonly Effect[] {
  const isLocal = call.argument(2, 'is_local')
  if (isBooleanConstant(isLocal, true)) return maskedLocally(call)
  const isSession = isBooleanConstant(isLocal, false) || isNullConstant(isLocal)
  const what = isBooleanConstant(isLocal, false)
    ? 'set_config(…, false)'
    : 'set_config with an is_local that is not the constant true'
  const name = stringConstant(call.argument(0, 'setting_name'))
  const value = call.argument(1, 'new_value')
  const statesOf = name === undefined ? anyState : [stateOf(settingName(name))]
  const isKnown = name !== undefined && isSession
  return statesOf.map((of) => {
    const does = resets(value, of.state) ? 'clears' : 'leaves'
    const effect: Effect = Object.assign({ does, what, when: 'always' } as const, of)
    if (isKnown) return effect
    const parameter = parameterOf(isLocal)
    return Object.assign(uncertain(effect), parameter !== undefined && { localIf: parameter })
  })
}

function parameterOf(node: Node | undefined): number | undefined {
  return node !== undefined && 'ParamRef' in node ? node.ParamRef.number : undefined
}

/** A value that is no constant may be NULL. */
function maskedLocally(call: FunctionCall): readonly Effect[] {
  const name = stringConstant(call.argument(0, 'setting_name'))
  const isSet = stringConstant(call.argument(1, 'new_value')) !== undefined
  return isSet ? [] : [maskedBy('set_config(…, true)', name === undefined ? undefined : settingName(name))]
}

interface Named {
  readonly state: SessionState
  readonly object?: string
}

/** A name that is a parameter may be that of a role, which RESET ALL leaves as it is. */
const anyState: readonly Named[] = [{ state: 'setting' }, { state: 'role' }, { state: 'session-authorization' }]

function stateOf(setting: string): Named {
  if (setting === 'role') return { state: 'role' }
  return setting === 'session_authorization'
    ? { state: 'session-authorization' }
    : { state: 'setting', object: setting }
}

/** A new value of NULL resets the setting; and NONE the role. */
function resets(value: Node | undefined, state: SessionState): boolean {
  return isNullConstant(value) || (state === 'role' && stringConstant(value) === 'none')
}

/** `set_config(name, value, false)` is SET as a function. A parameter, an expression or NULL may be false as well. */
export const setConfig: Rule<'session/set-config'> = {
  id: 'session/set-config',
  title: 'set_config(…, false) changes the server session',
  why: 'the value stays on the server connection after COMMIT. The pooler gives that connection to other clients, and gives you another one',
  instead:
    "set_config(name, value, true), written as the constant true, in the same transaction as the statements that need the value; read it with nullif(current_setting('name', true), '')",
  helpers: [withSettings("{ 'app.org_id': orgId }"), settingsExtension("{ 'app.org_id': orgId }")],
  remedy: {
    sql: `BEGIN;
SELECT set_config('app.org_id', '7', true);
SELECT * FROM orders;
COMMIT;

-- A server connection that has seen the setting once answers '' instead of NULL: allow for both in the policy.
CREATE POLICY own_org ON orders
  USING (org_id = nullif(current_setting('app.org_id', true), '')::int);`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`select set_config('app.org_id', \${orgId}, true)\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$queryRaw\`SELECT set_config('app.org_id', \${orgId}, true)\`
  return tx.order.findMany()
})`,
  },
  examples: {
    unsafe: [
      "SELECT set_config('app.org_id', '7', false)",
      "select pg_catalog.set_config('app.org_id', $1, 'f')",
      'SELECT set_config($1, $2, $3)',
      "SELECT set_config('app.org_id', '7', NULL)",
      "SELECT set_config(setting_name => 'app.org_id', new_value => '7', is_local => false)",
      "SELECT * FROM set_config('app.org_id', '7', 1 = 2)",
      "WITH t AS (SELECT set_config('app.org_id', '7', false)) SELECT * FROM t",
      "SELECT \"set_config\"('app.org_id', '7', false)",
      "SELECT U&\"\\0073et_config\"('app.org_id', '7', false)",
      "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT set_config('app.org_id', '7', false)",
    ],
    safe: [
      "BEGIN; SELECT set_config('app.org_id', '7', true); COMMIT",
      "BEGIN; SELECT set_config('app.org_id', $1, is_local => true); COMMIT",
      "SELECT 'set_config(a, b, false)'",
      "EXPLAIN SELECT set_config('app.org_id', '7', false)",
      "SELECT current_setting('app.org_id', true)",
    ],
  },
  repair: {
    examples: [
      { sql: "SELECT set_config('app.org_id', '7', false)", sent: "SELECT set_config('app.org_id', '7', true)" },
      {
        sql: "select pg_catalog.set_config('app.org_id', $1, 'f')",
        sent: "select pg_catalog.set_config('app.org_id', $1, 't')",
      },
      { sql: "SELECT set_config('app.org_id', '7', NULL)", sent: "SELECT set_config('app.org_id', '7', true)" },
    ],
    on: { FuncCall: setConfigLocally },
  },
  functions: { set_config: onSetConfig },
}
