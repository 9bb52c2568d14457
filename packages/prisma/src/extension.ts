import { Prisma } from '@prisma/client/extension'
import type { Guard, GuardOptions } from '@poolsafe/core'
import { engineOf, harmless, toEngine, type Engine, type Origin } from '@poolsafe/core/adapter'
import { origins, runHolding, settled } from '@poolsafe/core/internal'
import { sendAsCaller, sendBatch } from './caller-context.ts'
import { ForeignPoolError, hasForeignPool } from './foreign-pool-error.ts'
import { isInTransaction } from './in-transaction.ts'
import { warnOfPooledUrl } from './migrate/warn-of-pooled-url.ts'
import { Operations } from './operations.ts'
import { OpenTransactions, type OpenTransaction, type Work } from './open-transactions.ts'
import { OperationOrigin } from './origin.ts'
import { UnguardedClientError } from './unguarded-client-error.ts'

/** The argument of `$extends`. It adds no model, no method and no result field, so the client keeps its own type. */
export type PoolsafeExtension = (client: unknown) => {
  $extends: { extArgs: { result: {}; model: {}; query: {}; client: {} } }
}

/** The arguments of an extension for one operation, from Prisma, as far as they are used here. */
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
 * Makes the extension that adds Prisma's knowledge to what a guard reports: the operation that sends a statement
 * (`User.findMany`), and the call site of a raw statement that is not plainly harmless. The extension judges nothing.
 * `guardAdapter` and `guardPool` do that, and a client without either is reported.
 *
 * @param guard the guard of the adapter, or the options to make one
 * @returns the argument for `$extends`; with mode `off` it returns the client unchanged
 * @throws InvalidOptionError; and, from `$extends` in strict mode, UnguardedClientError and ForeignPoolError
 */
export function poolsafe(guard?: Guard | GuardOptions): PoolsafeExtension {
  const ours = toEngine(guard)
  return Prisma.defineExtension((client) => {
    if (ours.mode === 'off') return client
    complainOfUnguarded(client, ours)
    warnOfPooledUrl(ours)
    const operations = new Operations(ours)
    const transactions = new OpenTransactions(ownerOf(client), ours)
    return client.$extends({
      name: 'poolsafe',
      query: { $allOperations: nameOperation(ours, operations, transactions), ...ofBatches },
      client: { $transaction: nameTransaction(client, operations, transactions) },
    })
  })
}

/** Prisma calls this hook for the operations of a batch. Its types do not name it. */
const ofBatches: object = { $__internalBatch: sendBatch }

function complainOfUnguarded(client: object, guard: Engine): void {
  const adapter = (client as Client)._engineConfig?.adapter
  const complaint = hasForeignPool(adapter) ? new ForeignPoolError(adapter?.adapterName) : complaintOfUnguarded(adapter)
  const error = complaint && guard.complain(complaint)
  if (error !== undefined) throw error
}

function complaintOfUnguarded(adapter: Adapter | undefined): UnguardedClientError | undefined {
  // PrismaPg keeps the given pool, which may be guarded, in a field.
  const parts = [adapter, ...Object.values(adapter ?? {})]
  return parts.some((part) => engineOf(part) !== undefined) ? undefined : new UnguardedClientError(adapter?.adapterName)
}

/** Returns an object that a client shares with the clients that extend it, but not with those of another database. */
function ownerOf(client: object): object {
  return (client as Client)._engineConfig?.adapter ?? client
}

/**
 * Prisma's promises start when they are awaited. Only an `await` inside `run` carries the origin to the driver.
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
      // The await of a Prisma promise calls this with an empty stack. After another await, V8 knows who awaits this
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
      // A slow statement is reported in a later turn. Here V8 still knows who awaits this promise.
      if (origin.isWanted) origin.locate(operate)
    }
  }
}

function isDoubtful({ model, args }: Operation, guard: Engine): boolean {
  const text = model === undefined ? rawTextOf(args) : undefined
  return text !== undefined && guard.peek(text) !== harmless
}

/**
 * Names `$transaction`. Prisma sends all statements of an array for its first operation, so the array is their one
 * origin. For an interactive transaction, the origin belongs to the checkout, BEGIN and COMMIT.
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
    /** Sends inside the callback of another transaction of this client. */
    const placed = async (send: () => unknown): Promise<unknown> => {
      await settled()
      return await transactions.place(around as OpenTransaction, { origin, send, entry: placed })
    }
    if (!Array.isArray(work)) {
      // Reports of waiting callers name the holders and their call sites.
      origin.takeStack($transaction, 'application')
      // The callback holds the connection of its transaction while it runs.
      return runHolding((holding) =>
        start(typeof work === 'function' ? transactions.enter(holding, inOuterOrigin(work as Work)) : work),
      )
    }
    // The call site cannot be taken later, so within a request it is taken from the first time on.
    if (work.some(isRaw) || operations.wantsStack(name) || operations.isInRequest)
      origin.takeStack($transaction, 'application')
    return start(work)
  }
}

/**
 * The share by which the gate times out before Prisma. The gate's error says why there is no connection, and a call
 * whose caller is gone acquires none.
 */
const earlierBy = 0.05
const earlierAtMostMillis = 100
/** Prisma's own default. */
const defaultMaxWaitMillis = 2000

/** Returns a little less than the time that Prisma waits for the connection of a transaction, in milliseconds. */
function acquireWithin(client: Client, options: unknown): number {
  const own = (options as { readonly maxWait?: unknown } | undefined)?.maxWait
  const maxWait =
    typeof own === 'number' ? own : (client._engineConfig?.transactionOptions?.maxWait ?? defaultMaxWaitMillis)
  return maxWait - Math.min(maxWait * earlierBy, earlierAtMostMillis)
}

/**
 * Runs the callback of a transaction with the origin of its caller. Operations inside have their own origins;
 * statements that bypass Prisma have that of the caller.
 */
function inOuterOrigin(work: Work): Work {
  const outer = origins.getStore()
  return (...args) => origins.run(outer as Origin, work, ...args)
}

/**
 * Returns true for a raw operation, whose statement is not known before it is sent. Prisma's promises of model
 * operations say what they call.
 */
function isRaw(promise: { readonly spec?: unknown } | null | undefined): boolean {
  return promise?.spec === undefined
}

/**
 * Returns the SQL of a raw operation. `Sql` has it as `text`, `TypedSql` as `sql`; the unsafe forms pass an array that
 * starts with it.
 */
function rawTextOf(args: unknown): string | undefined {
  const { text, sql } = (args ?? {}) as { text?: unknown; sql?: unknown }
  const found = Array.isArray(args) ? args[0] : (text ?? sql)
  return typeof found === 'string' ? found : undefined
}
