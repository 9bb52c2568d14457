import { isPoolsafeError } from '@poolsafe/core'
import type { Entry, Origin } from '@poolsafe/core/adapter'
import { AwaitChain, origins, type Checkout, type Gate } from '@poolsafe/core/internal'
import type { CallerContext, PatchedPool } from './patched-pool.ts'
import { AcquiringCall, PromisedCall } from './promised-call.ts'
import { throwFromHere } from './throw-from-here.ts'
import type { ClientLike } from './types.ts'

/** Asks the gate for a connection, as `pool.connect()` without a callback. */
export function connectByPromise(patched: PatchedPool, around: CallerContext, entry: Entry): Promise<ClientLike> {
  const { pool, gate } = patched
  const { acquiring } = around
  const { Promise: PromiseOfPool = Promise } = pool as { Promise?: PromiseConstructor }
  const call = acquiring === undefined ? new PromisedCall(entry) : new AcquiringCall(entry, acquiring)
  const promise = call.promise(PromiseOfPool)
  const origin = origins.getStore()
  // pg-pool throws synchronously if it cannot create a client.
  const asked = gate.acquire(call, entry, undefined, origin?.acquireWithinMillis, around, present(origin))
  if (asked instanceof Error) {
    call.fail(asked)
    return isCallersOwn(asked) ? promise : promise.catch(throwFromHere)
  }
  call.taken()
  const hasFailed = asked.state === 'over'
  hold(patched, asked, around, promise)
  if (hasFailed) return promise
  if (PromiseOfPool === Promise && gate.flows.mayTakeChain(asked)) return takenBy(promise, asked)
  // An idle connection arrives in this turn, so it does not fail.
  return asked.comesAtOnce && acquiring === undefined ? promise : promise.catch(throwFromHere)
}

/** Enters the requested connection in the caller's context. */
function hold(
  { gate, layer }: PatchedPool,
  asked: Checkout<ClientLike>,
  { acquiring, holding }: CallerContext,
  promise: Promise<unknown>,
): void {
  asked.layer = acquiring === undefined ? layer : 'kysely'
  gate.flows.enter(asked, holding)
  if (acquiring === undefined) return
  acquiring.holding = asked
  if (acquiring.signal !== undefined) obey(acquiring.signal, gate, asked, promise)
}

/** Returns the origin of a call that is not over. */
function present(origin: Origin | undefined): Origin | null {
  return origin === undefined || origin.isOver === true ? null : origin
}

/** Returns true for pg-pool's own error after the end of a pool, which has its own stack. */
function isCallersOwn(asked: unknown): boolean {
  return asked instanceof Error && !isPoolsafeError(asked)
}

/** Remembers the await chain of the connection. */
async function takenBy(promise: Promise<ClientLike>, checkout: Checkout<ClientLike>): Promise<ClientLike> {
  const client = await promise.catch(throwFromHere)
  checkout.taken = new AwaitChain(takenBy)
  return client
}

/** Obeys an abort signal. Kysely passes it to its driver, and the driver does not pass it on. */
function obey(
  signal: AbortSignal,
  gate: Gate<ClientLike>,
  checkout: Checkout<ClientLike>,
  promise: Promise<unknown>,
): void {
  const abort = (): void => gate.abort(checkout, signal.reason as Error)
  if (signal.aborted) return abort()
  const forget = (): void => signal.removeEventListener('abort', abort)
  signal.addEventListener('abort', abort)
  promise.then(forget, forget)
}
