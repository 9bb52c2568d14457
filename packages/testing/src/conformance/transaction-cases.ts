import { deepEqual, notEqual, ok, rejects } from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ConformanceClient } from './adapter.ts'
import type { Case } from './case.ts'
import { refusalOf, type Trial } from './trial.ts'

const strict = { mode: 'strict' } as const

/** Transactions: what the guard follows through them, and how they end. */
export function transactionCases(
  trial: Trial<ConformanceClient>,
  { rollsBackAfterFailure = false }: { readonly rollsBackAfterFailure?: boolean },
): Case[] {
  const afterFailure = rollsBackAfterFailure ? { leavesToDriver } : { failsInClient, answersLate }
  const cases = { commitsAndRollsBack, allowsLocal, rollsBack, ...afterFailure, aborts }
  return Object.values(cases).map((each) => each(trial))
}

function commitsAndRollsBack(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'commits a transaction and rolls one back',
    async run() {
      await trial.use(strict, async ({ query, transaction }) => {
        await query('TRUNCATE t')
        await transaction((inside) => inside('INSERT INTO t VALUES (1)'))
        const failure = new Error('on purpose')
        const failing = transaction(async (inside) => {
          await inside('INSERT INTO t VALUES (2)')
          throw failure
        })
        await rejects(failing, (error) => error === failure)
        deepEqual(await query('SELECT id FROM t'), [{ id: 1 }])
      })
    },
  }
}

function allowsLocal(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'allows SET LOCAL in a transaction, where it has its effect',
    async run() {
      const seen = await trial.use(strict, ({ transaction }) =>
        transaction(async (inside) => {
          await inside("SET LOCAL app.org_id = '7'")
          await inside("SELECT set_config('app.user_id', '8', true)")
          return inside("SELECT current_setting('app.org_id') AS org, current_setting('app.user_id') AS usr")
        }),
      )
      deepEqual(seen, [{ org: '7', usr: '8' }])
    },
  }
}

function rollsBack(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'refuses to commit a session setting, rolls back and releases the connection',
    async run() {
      await trial.use(strict, async ({ query, transaction }) => {
        await query('TRUNCATE t')
        await refusalOf(() =>
          transaction(async (inside) => {
            await inside('INSERT INTO t VALUES (1)')
            await inside("SET app.org_id = '7'")
          }),
        )
        // The pool has one connection: this would wait forever if it were lost.
        deepEqual(await query('SELECT id FROM t'), [])
      })
    },
  }
}

function failsInClient(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'refuses to commit after a statement that failed in the client, which aborts no transaction',
    async run() {
      await trial.use(strict, ({ transaction }) =>
        refusalOf(() =>
          transaction(async (inside, failInClient) => {
            await inside("SET app.org_id = '7'")
            await rejects(failInClient())
          }),
        ),
      )
    },
  }
}

function answersLate(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'refuses to commit after an error that arrives when the rollback to a savepoint is queued',
    async run() {
      await trial.use(strict, ({ transaction }) =>
        refusalOf(() =>
          transaction(async (inside) => {
            await inside('SAVEPOINT a')
            const sent: Promise<unknown>[] = []
            for (const sql of ['SELECT missing', 'ROLLBACK TO a', "SET app.org_id = '7'"]) {
              sent.push(inside(sql).catch(() => {}))
              // Prisma drops the calls of one turn that follow an error.
              await nextTurn()
            }
            await Promise.all(sent)
          }),
        ),
      )
    },
  }
}

function leavesToDriver(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'finds nothing where the driver rolls back after a failure that the application has handled',
    async run() {
      for (const fails of ['in the client', 'on the server'] as const) {
        await trial.use(strict, async ({ query, transaction }) => {
          let failure: unknown
          const ended = await transaction(async (inside, failInClient) => {
            await inside("SET app.org_id = '7'")
            const call = fails === 'in the client' ? failInClient() : inside('SELECT missing')
            failure = await call.catch((error: unknown) => error)
          }).catch((error: unknown) => error)
          ok(failure instanceof Error && failure === ended, `the driver did not pass on the failure: ${String(ended)}`)
          const [row] = await query("SELECT current_setting('app.org_id', true) AS org")
          ok((row as { org: unknown }).org !== '7', 'the setting outlived its transaction')
        })
      }
    },
  }
}

function aborts(trial: Trial<ConformanceClient>): Case {
  return {
    name: 'finds nothing where the server has aborted the transaction',
    async run() {
      const guard = { mode: 'strict', rules: { 'transaction/commit-rolled-back': 'allow' } } as const
      await trial.use(guard, async ({ query, transaction }) => {
        // Some layers report a COMMIT that became a rollback by an error of their own.
        const ended = await transaction(async (inside) => {
          await inside("SET app.org_id = '7'")
          await rejects(inside('SELECT missing'))
        }).catch((error: unknown) => error)
        notEqual((ended as Error | undefined)?.name, 'UnsafeStatementError')
        const [row] = await query("SELECT current_setting('app.org_id', true) AS org")
        ok((row as { org: unknown }).org !== '7', 'the setting outlived its transaction')
      })
    },
  }
}
