import { setTimeout as sleep } from 'node:timers/promises'
import { Transaction, type Site } from '@poolsafe/core/adapter'
import { AwaitChain, isConnectionGone, performance, type Checkout, type HoldingWork } from '@poolsafe/core/internal'
import type { Query, TransactionSql } from './driver.ts'
import { guardTag, isTemplate } from './guarded-sql.ts'
import { prepareQuery, remakeQuery, type Making } from './query-class.ts'
import type { Pool } from './pool.ts'
import { earlierBy, type Release } from './release.ts'
import { Scope } from './scope.ts'
import type { Use } from './sql-source.ts'
import { endText, rollbackText, rollbackToText, savepointText } from './texts.ts'
import { withdraw } from './waiting-line.ts'

/** The callback of `sql.begin` or `savepoint`. */
export type Work = (sql: TransactionSql) => unknown

/** How `sql.begin` or `savepoint` ends. It is known once the callback runs. */
type Outcome = () => Promise<unknown>

/** How long a connection may take to close after the server has said that it will. */
const lastWordsMillis = 1000

/** Keeps a callback from going on. Each has a promise of its own: a shared one would keep all of them in memory. */
function forever(): Promise<never> {
  return new Promise(() => {})
}

/** The actions of a scope at the end of its callback. */
interface Ending {
  /** Sends what ends it well, unless the guard refuses that. */
  readonly well?: (outcome: Outcome) => Promise<void>
  /** The text of the ROLLBACK that postgres.js sends after a failure. */
  readonly rollback: string
}

/**
 * A transaction of `sql.begin`. postgres.js sends COMMIT, ROLLBACK and the savepoints itself, by functions that nothing
 * can replace. So poolsafe judges and observes their texts: the driver goes on once the guard has allowed them, and its
 * outcome is theirs.
 */
export class TransactionScope {
  /** Judges the queries of the transaction. Those of a savepoint have a scope with the same sender. */
  readonly scope: Scope
  readonly #pool: Pool
  readonly #site: Site
  /** The context of the callback. */
  readonly #holding: HoldingWork
  /** Its stay on a connection, or the wait for one. */
  #checkout: Checkout<Use> | undefined
  /** True once a query has failed because the connection is gone. */
  #isGone = false
  #savepoints = 0
  #over: (Release & { readonly error: unknown }) | undefined
  /** The name that `sql.prepare` has set. The transaction then ends with PREPARE TRANSACTION. */
  #prepared: string | undefined

  constructor(pool: Pool, site: Site, holding: HoldingWork) {
    this.#pool = pool
    this.scope = new Scope(pool, new Transaction({ isAnswered: true }))
    this.#site = site
    this.#holding = holding
    this.scope.refuses = this.#refuseLate.bind(this)
    this.scope.sending = {
      sent() {},
      ended: (_query, error) => {
        this.#isGone ||= isConnectionGone(error)
      },
    }
  }

  get #isOver(): boolean {
    return this.#over !== undefined
  }

  /**
   * postgres.js would send a query after the end of the transaction on the connection, which the pool lends to others
   * by then; and on the closed socket of a lost one, where the TypeError in its timer would end the process.
   */
  #refuseLate(text: string, site: Site): Error | undefined {
    const over = this.#over
    if (over === undefined) return undefined
    if (isConnectionGone(over.error)) return over.error as Error
    return this.#pool.guard.refuseCall('usedAfterRelease', site, earlierBy(over), text)
  }

  /**
   * Returns the BEGIN that postgres.js is about to send, as a query of this transaction. It waits for the connection.
   */
  beginBy(query: Query, making: Making): Query {
    const sent = this.#begins.bind(this)
    this.#pool.connections.learnFrom(query)
    const handler = this.scope.handlerFor(making.handler, { sent })
    return prepareQuery(remakeQuery(query, { ...making, handler }), this.#site)
  }

  #begins(query: Query, denied: (error: Error) => void): void {
    const { line } = this.#pool
    const arrived = (checkout: Checkout<Use>): void => {
      this.#checkout = checkout
      this.#holding.holds = checkout
    }
    const deny = (error: Error): void => {
      denied(error)
      withdraw(query)
    }
    const call = { site: this.#site, use: this.scope.use as Use, arrived, denied: deny }
    if (query.state === null) this.#checkout = line.waits(query, call)
    else line.holds(call)
  }

  /** Notes that `sql.begin` is over. */
  over(error?: unknown): void {
    this.#over = { at: performance.now(), site: this.#site, error }
    if (this.#checkout !== undefined) this.#pool.line.giveBack(this.#checkout, error)
  }

  /** Returns the callback that postgres.js calls instead of the application's. */
  callback(work: Work, outcome: Outcome): Work {
    const well = (ended: Outcome): Promise<void> => this.#send(endText(this.#prepared), ended)
    const ending = this.#ending(work, this.scope, outcome, { well, rollback: rollbackText })
    const holding = this.#holding
    const owner = this.#pool
    return async function inTransaction(sql) {
      const callback = { owner, chain: new AwaitChain(inTransaction), isOver: false }
      holding.callback = callback
      try {
        return await ending(sql)
      } finally {
        callback.isOver = true
      }
    }
  }

  #ending(work: Work, scope: Scope, outcome: Outcome, { well, rollback }: Ending): Work {
    return async (sql) => {
      try {
        const result = await resultOf(work, this.#guard(sql, scope))
        if (this.#isOver) return await forever()
        const { failure } = scope
        // postgres.js has not seen a query that was refused.
        if (failure?.wasSent === false) throw failure.error
        if (failure === undefined) await well?.(outcome)
        else this.#follow(rollback, outcome)
        return result
      } catch (error) {
        if (await this.#isLost(error, outcome)) return await forever()
        this.#follow(rollback, outcome, error)
        throw error
      }
    }
  }

  /**
   * Returns true if the connection is gone, and with it the transaction: `sql.begin` has rejected then. postgres.js
   * would still send a ROLLBACK on the closed socket, and the TypeError in its timer would end the process.
   */
  async #isLost(error: unknown, outcome: Outcome): Promise<boolean> {
    // The server's last error arrives before its connection closes.
    if (!this.#isOver && (this.#isGone || isConnectionGone(error))) await settledSoon(outcome())
    return this.#isOver
  }

  #guard(original: TransactionSql, scope: Scope): TransactionSql {
    const { savepoint: bare, prepare } = original
    const sql = guardTag(original, scope)
    const savepoint = (...args: unknown[]): Promise<unknown> => {
      const [first, second] = args
      if (isTemplate(first)) return savepoint((inner: TransactionSql) => inner(first, ...args.slice(1)))
      const [name, work] = args.length === 1 ? [[], first] : [[first], second]
      return this.#savepoint((callback) => Reflect.apply(bare, original, [...name, callback]), work as Work, scope)
    }
    sql.savepoint = savepoint
    sql.prepare = (name) => {
      this.#prepared = String(name) || undefined
      return Reflect.apply(prepare, original, [name])
    }
    return sql
  }

  /** @param begin calls the driver's `savepoint` */
  async #savepoint(begin: (callback: Work) => Promise<unknown>, work: Work, outer: Scope): Promise<unknown> {
    const name = `s${this.#savepoints++}`
    const refusal = this.#refuseLate(savepointText(name), this.#site)
    if (refusal !== undefined) throw refusal
    const inner = outer.within()
    let outcome: Promise<unknown> | undefined
    const open = (): Promise<unknown> =>
      new Promise((begun, failed) => {
        const callback = this.#ending(work, inner, async () => outcome, { rollback: rollbackToText(name) })
        outcome = begin((sql) => {
          begun(undefined)
          return callback(sql)
        })
        outcome.catch(failed)
      })
    await outer.sender.send(savepointText(name), this.#site, open, undefined)
    return outcome
  }

  /** Lets the driver send what ends the transaction, or rejects if the guard refuses it. */
  #send(text: string, outcome: Outcome): Promise<void> {
    return new Promise((goOn, refuse) => {
      const sent = (): Promise<undefined> => {
        goOn()
        return outcome().then(() => undefined)
      }
      this.scope.sender.send(text, this.#site, sent, undefined).catch(refuse)
    })
  }

  /**
   * Observes the ROLLBACK that the driver sends now.
   *
   * @param thrown the reason, which the driver passes on after it
   */
  #follow(text: string, outcome: Outcome, thrown?: unknown): void {
    const sent = (): Promise<undefined> =>
      outcome().then(
        () => undefined,
        (error: unknown) => {
          if (error !== thrown && isConnectionGone(error)) throw error
          return undefined
        },
      )
    this.scope.sender.send(text, this.#site, sent, undefined).catch(() => {})
  }
}

/** Resolves when a promise is settled, or after a while. */
async function settledSoon(promise: Promise<unknown>): Promise<void> {
  await Promise.race([promise.catch(() => {}), sleep(lastWordsMillis, undefined, { ref: false })])
}

/** As postgres.js does: a list of queries is sent, and each of them awaited. */
async function resultOf(fn: Work, sql: TransactionSql): Promise<unknown> {
  const result = fn(sql)
  return Array.isArray(result) ? Promise.all(result as unknown[]) : result
}
