import { findPoolsafeError } from '@poolsafe/core'
import { keepFirstGuard, type Engine } from '@poolsafe/core/adapter'
import {
  acquireFor,
  AwaitChain,
  callerContext,
  claimWork,
  enterProven,
  enterShared,
  heldOf,
  isConnectionGone,
  mayPlace,
  nextWork,
  placeCall,
  settled,
  type Acquiring,
  type Holdable,
} from '@poolsafe/core/internal'
import type { DatabaseConnection, Driver } from 'kysely'
import { Acquisition, setHandedOut } from './acquiring.ts'
import { adoptEarly, watchHandingOut } from './early-adoption.ts'
import { guardConnection, stateOf } from './guard-connection.ts'
import { endHolding, holdConnection, rememberBegin } from './held-connection.ts'
import { originalOf } from './original.ts'
import { surviveHiddenLosses } from './hidden-pool.ts'

/**
 * Guards a driver in place. A wrapper would break the private fields of drivers and connections, and would lose
 * Kysely's own `log`, which is patched onto the connection object.
 */
export function guardDriver(driver: Driver, guard: Engine): Driver {
  watchHandingOut(driver)
  guardInit(driver)
  guardAcquire(driver, guard)
  guardTransactions(driver)
  guardRelease(driver, guard)
  return driver
}

function guardInit(driver: Driver): void {
  const init = originalOf(driver, 'init')
  driver.init = (...args) => {
    // RuntimeDriver calls this once, before the first acquire, in the async context of the first caller.
    enterShared()
    return init(...args).then(() => adoptEarly(driver))
  }
}

function guardAcquire(driver: Driver, guard: Engine): void {
  const acquire = originalOf(driver, 'acquireConnection')
  const rollback = originalOf(driver, 'rollbackTransaction')
  const release = originalOf(driver, 'releaseConnection')
  const adopt = (connection: DatabaseConnection, { judgedBelow, control, holding }: Acquiring): void => {
    const isHidden = judgedBelow === undefined && stateOf(connection) === undefined
    const execute = isHidden ? connection.executeQuery.bind(connection) : undefined
    const state = guardConnection(connection, guard)
    if (execute !== undefined) surviveHiddenLosses(driver, connection, execute, guard)
    state.holding = holding
    state.judgedBelow = judgedBelow !== undefined
    state.control = control
    if (judgedBelow !== undefined) keepFirstGuard(judgedBelow, guard, 'the pool of the dialect')
  }
  const giveUp = async (acquisition: Acquisition, error: unknown): Promise<never> => {
    acquisition.end()
    const { connection, signal } = acquisition
    // Kysely has already rejected the call, and would print a later error to the console.
    if (signal?.aborted === true && error === signal.reason) return new Promise<never>(() => {})
    if (connection !== undefined && findPoolsafeError(error) !== undefined) await discard(connection, rollback, release)
    throw error
  }
  const take = (options: AcquireOptions, around: CallerContext): Promise<DatabaseConnection> => {
    const work = nextWork(around.holding)
    const acquisition = new Acquisition(driver, guard, adopt, options?.signal)
    // One reaction for both outcomes: a second promise would cost more than the look-up of a statement.
    return acquireFor(work, acquisition, acquire, options, around.acquiring).then(
      (connection) => {
        try {
          acquisition.gets(connection)
        } catch (error) {
          return giveUp(acquisition, error)
        }
        setHandedOut(connection, true)
        acquisition.end()
        holdConnection(driver, connection, work)
        return connection
      },
      (error: unknown) => giveUp(acquisition, error),
    )
  }
  driver.acquireConnection = (options) => {
    const around = callerContext()
    const held = heldInTransaction(driver, guard, around)
    if (held === undefined) return take(options, around)
    const work = claimWork()
    return refuseOutside(held, guard).then(() => {
      work.isClaimed = false
      return take(options, callerContext())
    })
  }
}

type CallerContext = ReturnType<typeof callerContext>
type AcquireOptions = Parameters<Driver['acquireConnection']>[0]

/** Returns the connection that the caller seems to hold, if its transaction is open and the call can be placed. */
function heldInTransaction(driver: Driver, guard: Engine, { holding }: CallerContext): Holdable | undefined {
  const held = holding === undefined ? undefined : heldOf(driver, holding)
  return held?.begun?.isOpen() === true && mayPlace(guard.mode) ? held : undefined
}

/** Rejects a call that the callback of an open transaction makes outside of that transaction. */
async function refuseOutside(held: Holdable, guard: Engine): Promise<void> {
  await settled()
  const { began } = placeCall(held, new AwaitChain(refuseOutside))
  const error = began === undefined ? undefined : guard.refuseCall('outsideHandle', refuseOutside, began)
  if (error !== undefined) throw error
}

/**
 * Closes a connection after a refusal in a hook. PostgresDriver does not release a connection whose hook throws,
 * which would block a pool of one connection forever, and does not run `onCreateConnection` on it again. It closes a
 * connection whose ROLLBACK fails, so this ROLLBACK is made to fail.
 */
async function discard(
  connection: DatabaseConnection,
  rollback: Driver['rollbackTransaction'],
  release: Driver['releaseConnection'],
): Promise<void> {
  connection.executeQuery = () => Promise.reject(new Error('refused while it was acquired'))
  await rollback(connection).catch(() => {})
  await release(connection)
}

/** PostgresDriver begins and commits through `executeQuery`, which is guarded. Other drivers may not. */
function guardTransactions(driver: Driver): void {
  const begin = originalOf(driver, 'beginTransaction')
  const commit = originalOf(driver, 'commitTransaction')
  const rollback = originalOf(driver, 'rollbackTransaction')
  driver.beginTransaction = (connection, ...args) => {
    const state = stateOf(connection)
    // Kysely awaits this in the function that then calls the application's callback, so the callback runs in this
    // context.
    if (state?.holding !== undefined) enterProven(state.holding)
    return begin(connection, ...args).then(function begun(): void {
      if (state !== undefined) state.beginsByStatement = state.transaction.isOpen
      setOpen(connection, true)
      if (state !== undefined) rememberBegin(state, begun)
      return undefined
    })
  }
  driver.commitTransaction = (connection) => commit(connection).then(() => setOpen(connection, false), markAborted)
  driver.rollbackTransaction = (connection) => {
    const state = stateOf(connection)
    const before = state?.transaction.state
    // A driver that ends its transactions by another way than statements.
    if (state !== undefined && !state.beginsByStatement) state.transaction.isOpen = false
    return rollback(connection).then(
      () => setOpen(connection, false),
      (error: unknown) => {
        // A ROLLBACK that failed leaves the transaction open, unless the connection is gone.
        if (isConnectionGone(error)) setOpen(connection, false)
        else if (state !== undefined && before !== undefined) state.transaction.state = before
        throw error
      },
    )
  }
}

/**
 * Marks an error after which no transaction is open. Kysely then releases the connection of a controlled transaction.
 */
function markAborted(error: unknown): never {
  const told = findPoolsafeError(error)
  const wasSent = told !== undefined && 'wasSent' in told && told.wasSent === true
  if (wasSent) Object.defineProperty(error, Symbol.for('kysely.AbortedTransactionError'), { value: true })
  throw error
}

function setOpen(connection: DatabaseConnection, isOpen: boolean): void {
  const sender = stateOf(connection)?.sender
  if (sender !== undefined) sender.isOpen = isOpen
}

type ReleaseOptions = Parameters<Driver['releaseConnection']>[1]

function guardRelease(driver: Driver, guard: Engine): void {
  const release = originalOf(driver, 'releaseConnection')
  async function releaseOpen(connection: DatabaseConnection, options?: ReleaseOptions): Promise<void> {
    const isJudgedBelow = stateOf(connection)?.judgedBelow === true
    const error = isJudgedBelow ? undefined : guard.refuseCall('releasedInTransaction', releaseConnection)
    if (error !== undefined) await driver.rollbackTransaction(connection)
    setOpen(connection, false)
    await release(connection, options)
    if (error !== undefined) throw error
  }
  function releaseConnection(connection: DatabaseConnection, options?: ReleaseOptions): Promise<void> {
    setHandedOut(connection, false)
    const state = stateOf(connection)
    if (state !== undefined) endHolding(state)
    return state?.transaction.isOpen === true ? releaseOpen(connection, options) : release(connection, options)
  }
  driver.releaseConnection = releaseConnection
}
