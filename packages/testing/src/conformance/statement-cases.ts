import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { rules, type Mode, type RuleId } from '@poolsafe/core'
import type { ConformanceClient } from './adapter.ts'
import type { Case } from './case.ts'
import { checkSame, checkStack, plain, refusalOf, type Outcome, type Trial } from './trial.ts'

/** The unsafe statements of all rules that need nothing but their text. */
const unsafeStatements = rules.flatMap((rule) =>
  rule.examples.unsafe.flatMap((example) =>
    typeof example === 'string' ? [{ rule: rule.id, sql: example, varies: rule.examples.answersVary === true }] : [],
  ),
)

const invalidStatements: readonly (readonly [Mode, string])[] = [
  ['strict', 'SELCT 1'],
  ['strict', 'SELECT * FROM missing'],
  ['strict', 'SELECT 1/0'],
  ['strict', "SELECT 'unterminated"],
  // Strict mode refuses a text that cannot be parsed if it contains a word that a rule looks for.
  ['warn', 'SET x = = 1'],
]

/** Single statements, each on a connection acquired for it. */
export function statementCases(trial: Trial<ConformanceClient>): Case[] {
  return [
    ...unsafeStatements.flatMap(({ rule, sql, varies }) => [
      refused(trial, rule, sql),
      reported(trial, rule, sql, varies),
    ]),
    ...invalidStatements.map(([mode, sql]) => invalid(trial, mode, sql)),
    sameRows(trial),
    keepsConnection(trial),
    keepsError(trial),
    followsRules(trial),
  ]
}

function refused(trial: Trial<ConformanceClient>, rule: RuleId, sql: string): Case {
  return {
    name: `refuses in strict mode, before the server sees it: ${sql}`,
    async run() {
      const log = await trial.logDuring(async () => {
        const error = await refusalOf(() => trial.strict.query(sql))
        const found = error.findings.map((finding) => finding.rule)
        ok(found.includes(rule), `found ${found.join()} instead of ${rule}`)
        checkStack(error)
      })
      ok(!log.includes(sql), 'the server received the refused statement')
    },
  }
}

function reported(trial: Trial<ConformanceClient>, rule: RuleId, sql: string, varies: boolean): Case {
  return {
    name: `reports once in warn mode, and behaves as without poolsafe: ${sql}`,
    async run() {
      const warnings: string[] = []
      const logger = { warn: (message: string) => void warnings.push(message) }
      let guarded: Outcome | undefined
      const log = await trial.logDuring(async () => {
        guarded = await trial.outcomeOf({ logger }, ({ query }) => query(sql))
      })
      ok(log.includes(sql), 'the server did not receive the statement')
      checkSame(guarded, await trial.outcomeOf(undefined, ({ query }) => query(sql)), varies)
      equal(warnings.filter((message) => message.includes(`(${rule})`)).length, 1, warnings.join('\n'))
    },
  }
}

function invalid(trial: Trial<ConformanceClient>, mode: Mode, sql: string): Case {
  return {
    name: `passes on PostgreSQL's own error in ${mode} mode: ${sql}`,
    async run() {
      const guarded = await trial.outcomeOf({ mode }, ({ query }) => query(sql))
      match(String('sqlState' in guarded && guarded.sqlState), /^[0-9A-Z]{5}$/)
      deepEqual(guarded, await trial.outcomeOf(undefined, ({ query }) => query(sql)))
    },
  }
}

function sameRows(trial: Trial<ConformanceClient>): Case {
  const sql = "SELECT id, 'x' || id AS name FROM generate_series(1, 3) AS id"
  return {
    name: 'returns the rows that it returns without poolsafe',
    async run() {
      const guarded = await trial.outcomeOf({ mode: 'strict' }, (client) => plain(client, sql))
      deepEqual(guarded, await trial.outcomeOf(undefined, (client) => plain(client, sql)))
    },
  }
}

function keepsConnection(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'keeps the connection after a refusal, and has one after an error of the server',
    async run() {
      await trial.use({ mode: 'strict' }, async ({ query }) => {
        const before = await query('SELECT pg_backend_pid() AS pid')
        await refusalOf(() => query('LISTEN orders'))
        deepEqual(await query('SELECT pg_backend_pid() AS pid'), before)
        // Some pools close a connection on which a statement failed. A lost one would make the next call wait forever.
        await query('SELECT missing').catch(() => {})
        deepEqual(await query('SELECT 1 AS one'), [{ one: 1 }])
      })
    },
  }
}

function keepsError(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'keeps the class, the fields and the remedy of the error, and shows no value',
    async run() {
      const error = await trial.use({ mode: 'strict' }, ({ query }) =>
        refusalOf(() => query("SET app.org_id = 'secret'")),
      )
      const { name, rule, outcome, statement } = error
      deepEqual(
        { name, rule, outcome, statement },
        { name: 'UnsafeStatementError', rule: 'session/set', outcome: 'leaks', statement: 'SET app.org_id = ?' },
      )
      match(error.message, /SET LOCAL inside the transaction/)
      ok(!`${error.message}${error.stack}${JSON.stringify(error)}`.includes('secret'), 'the error shows a value')
      // Prisma takes errors with a code for its own.
      ok(!('code' in error), 'the error has a property `code`')
    },
  }
}

function followsRules(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'follows the rules of its guard',
    async run() {
      const allowing = { mode: 'strict', rules: { 'session/set': 'allow' } } as const
      await trial.use(allowing, ({ query }) => query('SET work_mem = 65536'))
      const throwing = { rules: { 'session/set': 'throw' } } as const
      await trial.use(throwing, async ({ query }) => {
        match((await refusalOf(() => query('SET work_mem = 65536'))).message, /SET work_mem stays/)
        await query('LISTEN orders')
      })
    },
  }
}
