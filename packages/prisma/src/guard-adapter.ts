import { gateIfPool, resolvePoolOptions, type PoolOptions, type ResolvedPoolOptions } from '@poolsafe/pg'
import { InvalidOptionError, isPoolsafeError, type Guard, type GuardOptions } from '@poolsafe/core'
import {
  engineOf,
  keepFirstGuard,
  markGuarded,
  StatementSender,
  toEngine,
  Transaction,
  type Engine,
  type Rewriter,
} from '@poolsafe/core/adapter'
import { commits, transactionTexts } from '@poolsafe/core/internal'
import { ForeignPoolError, hasForeignPool } from './foreign-pool-error.ts'
import { refuseLogin } from './login.ts'
import { warnOfPooledUrl } from './migrate/warn-of-pooled-url.ts'
import { statementNamesOf, type StatementNames } from './statement-names.ts'
import { reader } from './answers.ts'
import type { Adapter, AdapterFactory, AdapterTransaction, Queryable, Statement } from './types.ts'

/**
 * Guards any PostgreSQL driver adapter of Prisma. poolsafe judges every statement before the driver has it, and a
 * refused statement rejects with `UnsafeStatementError` itself. Over a pool that `@poolsafe/pg` guards, only the pool
 * judges, because it sees more: `BEGIN`, and the server's transaction status.
 *
 * The factory, and every adapter and transaction that it makes, is guarded in place. Private fields, symbols,
 * optional methods and `instanceof` keep working, and there is no wrapper to bypass.
 *
 * @param factory such as `new PrismaPg({ connectionString })`
 * @param guard a guard, or the options to make one
 * @param options how long calls wait for a connection and may hold one, if the adapter makes a node-postgres pool
 *   itself. A pool of your own gets its limits from `guardPool`
 * @returns the same factory; unchanged with mode `off`, or if it is guarded already
 * @throws InvalidOptionError if `factory` does not make PostgreSQL driver adapters, or for an invalid limit
 * @throws ForeignPoolError in strict mode, for a pool of another copy of pg, which the adapter would not use
 */
export function guardAdapter<Factory extends AdapterFactory>(
  factory: Factory,
  guard?: Guard | GuardOptions,
  options?: PoolOptions,
): Factory {
  checkFactory(factory)
  const theirs = engineOf(factory)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'an adapter')
    return factory
  }
  const ours = toEngine(guard)
  const pool = resolvePoolOptions('guardAdapter()', options)
  if (ours.mode === 'off') return factory
  const error = hasForeignPool(factory) ? ours.complain(new ForeignPoolError(factory.adapterName)) : undefined
  if (error !== undefined) throw error
  warnOfPooledUrl(ours)
  const adopt = (adapter: Adapter): Adapter | Promise<never> => guardConnected(adapter, ours, pool)
  replace<AdapterFactory, 'connect'>(factory, 'connect', (connect) => () => connect().then(adopt))
  replace<AdapterFactory, 'connectToShadowDb'>(factory, 'connectToShadowDb', (connect) => () => connect().then(adopt))
  return markGuarded(factory, ours)
}

function checkFactory(given: Partial<AdapterFactory> | undefined): void {
  if (typeof given?.connect !== 'function' || typeof given.provider !== 'string') {
    const allowed = 'the factory of a driver adapter, such as new PrismaPg({ connectionString })'
    throw new InvalidOptionError('guardAdapter(): factory', given, allowed)
  }
  if (given.provider !== 'postgres')
    throw new InvalidOptionError('guardAdapter(): provider of the adapter', given.provider, "'postgres'")
}

/** Closes an adapter whose login is refused, and rejects its `connect`. */
async function refuseConnected(adapter: Adapter, error: Error): Promise<never> {
  await adapter.dispose?.()
  throw error
}

function guardConnected(adapter: Adapter, guard: Engine, pool: ResolvedPoolOptions): Adapter | Promise<never> {
  if (engineOf(adapter) !== undefined) return adapter
  const driver = adapter.underlyingDriver?.()
  const below = engineOf(driver)
  const judgedBelow = below !== undefined
  if (judgedBelow) keepFirstGuard(below, guard, 'the pool of the adapter')
  const error = judgedBelow ? undefined : refuseLogin(adapter, guard, guardConnected)
  if (error !== undefined) return refuseConnected(adapter, error)
  // A node-postgres pool observes its statements itself, at the wire.
  const isObserved = !gateIfPool(driver, guard, pool, 'prisma')
  const names = judgedBelow ? undefined : statementNamesOf(adapter)
  const sender = new StatementSender(guard, reader, { isObserved, isNamed: namedBy(names) })
  if (!judgedBelow) {
    guardStatements(adapter, sender)
    // PrismaPg cuts a script at each semicolon and acquires a connection for each piece. Other drivers send one text.
    replace(adapter, 'executeScript', (send) => sent(send, sender))
  }
  const adopt = (transaction: AdapterTransaction): AdapterTransaction =>
    guardTransaction(transaction, guard, { isJudged: !judgedBelow, isObserved })
  // Adapters send their own BEGIN. All that is seen of it is how long it took to get the transaction.
  replace(
    adapter,
    'startTransaction',
    (start) =>
      function begin(...options) {
        return sender.observe(transactionTexts.begin, begin, () => start(...options)).then(adopt)
      },
  )
  return markGuarded(adapter, guard)
}

/** The adapter's handling of a transaction's statements, which a guarded pool below does not do. */
interface Duties {
  readonly isJudged: boolean
  readonly isObserved: boolean
}

/** An adapter sends its own BEGIN before it returns a transaction, and ends it by a statement like any other. */
function guardTransaction(
  transaction: AdapterTransaction,
  guard: Engine,
  { isJudged, isObserved }: Duties,
): AdapterTransaction {
  if (engineOf(transaction) !== undefined) return transaction
  if (isJudged) {
    const followed = new Transaction({ isAnswered: true })
    const names = statementNamesOf(transaction)
    const sender = new StatementSender(guard, reader, {
      transaction: followed,
      isObserved,
      isNamed: namedBy(names),
      rewriter: rewriterWith(names),
      seesEnd: () => transaction.options?.usePhantomQuery !== true,
    })
    sender.isOpen = true
    guardStatements(transaction, sender)
    if (transaction.options?.usePhantomQuery === true) {
      // The driver itself sends the COMMIT or ROLLBACK, at the end of the transaction.
      replace(transaction, 'commit', (end) => observedEnd(end, transactionTexts.commit, sender))
      replace(transaction, 'rollback', (end) => observedEnd(end, transactionTexts.rollback, sender))
    }
  }
  endRefusedCommit(transaction, guard)
  return markGuarded(transaction, guard)
}

function observedEnd(end: () => Promise<void>, sql: string, sender: StatementSender): () => Promise<void> {
  return function ended() {
    return sender.observe(sql, ended, end)
  }
}

/**
 * Rolls back after a refused COMMIT and releases the connection. After a failed COMMIT, Prisma 7 releases the
 * connection with the transaction still open, and Prisma 6 does not release it at all. Later calls of `commit` and
 * `rollback` then do nothing.
 */
function endRefusedCommit(transaction: AdapterTransaction, guard: Engine): void {
  let isOver = false
  replace(transaction, 'commit', (end) => async () => (isOver ? undefined : end()))
  replace(transaction, 'rollback', (end) => async () => (isOver ? undefined : end()))
  replace(transaction, 'executeRaw', (send) => (statement) => {
    if (!commits(guard.peek(statement.sql))) return send(statement)
    return send(statement).catch(async (error: unknown) => {
      if (isPoolsafeError(error)) {
        // If the connection is broken, the server has rolled back already. The refusal remains the error to report.
        await send(rollback).catch(() => {})
        await transaction.rollback()
        isOver = true
      }
      throw error
    })
  })
}

const rollback = { sql: transactionTexts.rollback, args: [], argTypes: [] }

function guardStatements(target: Queryable, sender: StatementSender): void {
  replace(target, 'queryRaw', (send) => sent(send, sender))
  replace(target, 'executeRaw', (send) => sent(send, sender))
}

function sent<Text extends Statement | string>(
  send: (text: Text) => Promise<unknown>,
  sender: StatementSender,
): (text: Text) => Promise<unknown> {
  return function guarded(text) {
    return sender.send(typeof text === 'string' ? text : text.sql, guarded, send, text)
  }
}

/** Tells whether an adapter sends a statement by name; `undefined` for an adapter that names none. */
function namedBy(names: StatementNames | undefined): ((statement: unknown) => boolean) | undefined {
  return names && ((statement) => typeof statement === 'object' && Boolean(names.nameOf(statement as Statement)))
}

/** Sends repaired statements as copies. */
function rewriterWith(names: StatementNames | undefined): Rewriter {
  return {
    withText(statement: Statement, sql) {
      const changed = { ...statement, sql }
      names?.nameAfter(statement, changed)
      return changed
    },
    withEnd(statement: Statement, sql) {
      const changed = { ...statement, sql }
      names?.unname(changed)
      return changed
    },
    parametersOf: ({ args }: Statement) => args,
    keepsText: (statement: Statement) => names?.keepsText(statement),
  }
}

type Method = (...args: never[]) => unknown

/** Replaces a method. A method that the object does not have stays absent. */
function replace<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  make: (original: NonNullable<Target[Name]>) => Target[Name] & Method,
): void {
  const original = target[name]
  if (typeof original !== 'function') return
  const enumerable = Object.prototype.propertyIsEnumerable.call(target, name)
  Object.defineProperty(target, name, {
    value: make(original.bind(target)),
    configurable: true,
    writable: true,
    enumerable,
  })
}
