import { Prisma } from '@prisma/client/extension'
import type { Guard, GuardOptions } from '@poolsafe/core'
import {
  engineOf,
  harmless,
  origins,
  runHolding,
  settled,
  toEngine,
  type Engine,
  type Origin,
} from '@poolsafe/core/adapter'
import { sendAsCaller, sendBatch } from './caller-context.ts'
import { ForeignPoolError, hasForeignPool } from './foreign-pool-error.ts'
import { isInTransaction } from './in-transaction.ts'
import { Operations } from './operations.ts'
import { OpenTransactions, type OpenTransaction, type Work } from './open-transactions.ts'
import { OperationOrigin } from './origin.ts'
import { UnguardedClientError } from './unguarded-client-error.ts'

/** What `$extends` takes. It adds no model, no method and no result field, so the client keeps its own type. */
export type PoolsafeExtension = (client: unknown) => {
  $extends: { extArgs: { result: {}; model: {}; query: {}; client: {} } }
}

/** What Prisma hands to an extension for one operation, as far as it is used here. */
interface Operation {
  readonly model?: string | undefined
  readonly operation: string
  readonly args: unknown
  readonly query: (args: never, params?: never) => Promise<unknown>
  /** `batch` is `$transaction([…])`. */
  readonly __internalParams?: { readonly transaction?: { readonly kind?: string } }
}

interface Client {
  readonly $transaction: (...args: never[]) => unknown
  readonly _engineConfig?: { readonly adapter?: Adapter; readonly transactionOptions?: { readonly maxWait?: number } }
}

interface Adapter {
  readonly adapterName?: string
}

/**
 * The extension that tells a guard which operation sends a statement (`User.findMany`), and for a raw statement that is
 * not plainly harmless, from which line. It judges nothing: that is what `guardAdapter` and `guardPool` do, and a
 * client without either is complained of.
 *
 * @param guard the guard of the adapter, or the options to make one
 * @returns for `$extends`; with mode `off` it gives the client back untouched
 * @throws InvalidOptionError; and, from `$extends` in strict mode, UnguardedClientError and ForeignPoolError
 */
export function poolsafe(guard?: Guard | GuardOptions): PoolsafeExtension {
  const ours = toEngine(guard)
  return Prisma.defineExtension((client) => {
    if (ours.mode === 'off') return client
    complainOfUnguarded(client, ours)
    const operations = new Operations(ours)
    const transactions = new OpenTransactions(ownerOf(client), ours)
    return client.$extends({
      name: 'poolsafe',
      query: { $allOperations: nameOperation(ours, operations, transactions), ...ofBatches },
      client: { $transaction: nameTransaction(client, operations, transactions) },
    })
  })
}

/** Prisma's own extensions hear of the operations that are sent together; its types do not name the hook. */
const ofBatches: object = { $__internalBatch: sendBatch }

function complainOfUnguarded(client: object, guard: Engine): void {
  const adapter = (client as Client)._engineConfig?.adapter
  const complaint = hasForeignPool(adapter) ? new ForeignPoolError(adapter?.adapterName) : complaintOfUnguarded(adapter)
  const error = complaint && guard.complain(complaint)
  if (error !== undefined) throw error
}

function complaintOfUnguarded(adapter: Adapter | undefined): UnguardedClientError | undefined {
  // PrismaPg keeps the pool that it was given, which may be a guarded one, in a field of its own.
  const parts = [adapter, ...Object.values(adapter ?? {})]
  return parts.some((part) => engineOf(part) !== undefined) ? undefined : new UnguardedClientError(adapter?.adapterName)
}

/** What a client has in common with those that extend it, and with no client of another database. */
function ownerOf(client: object): object {
  return (client as Client)._engineConfig?.adapter ?? client
}

/**
 * Prisma's own promises start when they are awaited: only an `await` inside `run` keeps the origin down to the driver.
 */
function nameOperation(
  guard: Engine,
  operations: Operations,
  transactions: OpenTransactions,
): (call: Operation) => Promise<unknown> {
  return async function operate(call: Operation): Promise<unknown> {
    const transaction = call.__internalParams?.transaction
    if (transaction?.kind === 'batch') return await sendAsCaller(call)
    const name = operations.named(call.model, call.operation)
    const origin = new OperationOrigin(name)
    if (operations.wantsStack(name) || isDoubtful(call, guard)) {
      // Prisma is called by the awaiting itself, with an empty stack. After an await V8 knows who waits for this
      // promise.
      await Promise.resolve()
      origin.takeStack(operate, 'prisma')
    }
    const around = transaction === undefined ? transactions.around : undefined
    const send = async (): Promise<unknown> =>
      await (transaction === undefined ? call.query(call.args as never) : sendAsCaller(call))
    try {
      if (around === undefined) return await origins.run(origin, send)
      await settled()
      return await transactions.place(around, { origin, send, entry: operate })
    } finally {
      // What turned out slow is told in a later turn, and whoever waits for this promise is still known.
      if (origin.isWanted) origin.locate(operate)
    }
  }
}

function isDoubtful({ model, args }: Operation, guard: Engine): boolean {
  const text = model === undefined ? rawTextOf(args) : undefined
  return text !== undefined && guard.peek(text) !== harmless
}

/**
 * Prisma sends all statements of an array for its first operation, so they have one origin: the array. Of a callback's
 * transaction it is that of what takes and holds the connection, BEGIN and COMMIT.
 */
function nameTransaction(
  client: object,
  operations: Operations,
  transactions: OpenTransactions,
): (this: unknown, ...args: unknown[]) => unknown {
  return function $transaction(...args) {
    const [work, ...options] = args
    const name = operations.named(undefined, '$transaction')
    const origin = new OperationOrigin(name)
    origin.acquireWithinMillis = acquireWithin(client as Client, options[0])
    const around = isInTransaction(this) ? undefined : transactions.around
    const start = (given: unknown): unknown => {
      const send = (): unknown => Reflect.apply((client as Client).$transaction, this, [given, ...options])
      return around === undefined ? origins.run(origin, send) : placed(send)
    }
    /** Inside the callback of another transaction of this client. */
    const placed = async (send: () => unknown): Promise<unknown> => {
      await settled()
      return await transactions.place(around as OpenTransaction, { origin, send, entry: placed })
    }
    if (!Array.isArray(work)) {
      // Whoever waits for a connection wants to know who holds one, and since which line.
      origin.takeStack($transaction, 'application')
      // Whatever the callback asks for, it asks for while it holds the connection of its transaction.
      return runHolding((holding) =>
        start(typeof work === 'function' ? transactions.enter(holding, inOuterOrigin(work as Work)) : work),
      )
    }
    // Nobody comes back here when it is over: what a request repeats is known by its line from the first time on.
    if (work.some(isRaw) || operations.wantsStack(name) || operations.isInRequest)
      origin.takeStack($transaction, 'application')
    return start(work)
  }
}

/**
 * By how much the gate is earlier than Prisma: its error says why there is no connection, and a call whose caller has
 * gone takes none.
 */
const earlierBy = 0.05
const earlierAtMostMillis = 100
/** Prisma's own default. */
const defaultMaxWaitMillis = 2000

/** How long Prisma waits for the connection of a transaction, and a little less. */
function acquireWithin(client: Client, options: unknown): number {
  const own = (options as { readonly maxWait?: unknown } | undefined)?.maxWait
  const maxWait =
    typeof own === 'number' ? own : (client._engineConfig?.transactionOptions?.maxWait ?? defaultMaxWaitMillis)
  return maxWait - Math.min(maxWait * earlierBy, earlierAtMostMillis)
}

/**
 * What the callback of a transaction sends has origins of its own, and what it sends past Prisma has that of its
 * caller.
 */
function inOuterOrigin(work: Work): Work {
  const outer = origins.getStore()
  return (...args) => origins.run(outer as Origin, work, ...args)
}

/**
 * What a raw operation will send is not known before it is sent; Prisma's promises of model operations tell their call.
 */
function isRaw(promise: { readonly spec?: unknown } | null | undefined): boolean {
  return promise?.spec === undefined
}

/** `Sql` has the text with `$1` as `text`, `TypedSql` as `sql`; the unsafe forms give an array that starts with it. */
function rawTextOf(args: unknown): string | undefined {
  const { text, sql } = (args ?? {}) as { text?: unknown; sql?: unknown }
  const found = Array.isArray(args) ? args[0] : (text ?? sql)
  return typeof found === 'string' ? found : undefined
}
