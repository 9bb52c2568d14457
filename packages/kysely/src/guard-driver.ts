import { enterHolding, findPoolsafeError, keepFirstGuard, processWide, type Acquiring, type Guard } from '@poolsafe/core'
import type { DatabaseConnection, Driver } from 'kysely'
import { Acquisition, setHandedOut } from './acquiring.ts'
import { adoptEarly, watchHandingOut } from './early-adoption.ts'
import { guardConnection, stateOf } from './guard-connection.ts'

/**
 * Guards a driver in place. Kysely's drivers keep private fields on themselves and on their connections, and its own
 * `log` is patched onto the connection object: a wrapper would break the first and lose the second.
 */
export function guardDriver(driver: Driver, guard: Guard): Driver {
  watchHandingOut(driver)
  guardInit(driver)
  guardAcquire(driver, guard)
  guardTransactions(driver)
  guardRelease(driver, guard)
  return driver
}

function guardInit(driver: Driver): void {
  const init = driver.init.bind(driver)
  driver.init = async (...args) => {
    await init(...args)
    await adoptEarly(driver)
  }
}

function guardAcquire(driver: Driver, guard: Guard): void {
  const acquire = driver.acquireConnection.bind(driver)
  const rollback = driver.rollbackTransaction.bind(driver)
  const release = driver.releaseConnection.bind(driver)
  const adopt = (connection: DatabaseConnection, { judgedBelow, control, holding }: Acquiring): void => {
    const state = guardConnection(connection, guard)
    state.holding = holding
    state.judgedBelow = judgedBelow !== undefined
    state.control = control
    if (judgedBelow !== undefined) keepFirstGuard(judgedBelow, guard, 'the pool of the dialect')
  }
  const giveUp = async (acquisition: Acquisition, error: unknown): Promise<never> => {
    acquisition.end()
    const { connection, signal } = acquisition
    // Kysely has told its caller already, and would print whatever comes after that.
    if (signal?.aborted === true && error === signal.reason) return new Promise<never>(() => {})
    if (connection !== undefined && findPoolsafeError(error) !== undefined) await discard(connection, rollback, release)
    throw error
  }
  driver.acquireConnection = async (options) => {
    const acquisition = new Acquisition(driver, adopt, options?.signal)
    try {
      const connection = await processWide.acquiring.run(acquisition, acquire, options)
      acquisition.gets(connection)
      setHandedOut(connection, true)
      acquisition.end()
      return connection
    } catch (error) {
      return giveUp(acquisition, error)
    }
  }
}

/**
 * PostgresDriver neither gives a connection back when one of its hooks throws, which leaves a pool of one dead, nor runs
 * `onCreateConnection` again on it. It closes a connection whose ROLLBACK failed: so this one fails.
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

/** PostgresDriver begins and commits through `executeQuery`, where it is seen; other drivers may not. */
function guardTransactions(driver: Driver): void {
  const begin = driver.beginTransaction.bind(driver)
  const commit = driver.commitTransaction.bind(driver)
  const rollback = driver.rollbackTransaction.bind(driver)
  driver.beginTransaction = async (connection, ...args) => {
    // Kysely awaits this in the very function that then calls the application's: what that asks for, it asks for inside.
    const holding = stateOf(connection)?.holding
    if (holding !== undefined) enterHolding(holding)
    await begin(connection, ...args)
    setOpen(connection, true)
  }
  driver.commitTransaction = async (connection) => {
    await commit(connection).catch(markAborted)
    setOpen(connection, false)
  }
  driver.rollbackTransaction = async (connection) => {
    const state = stateOf(connection)
    // It is judged as what ends the transaction, and is still sent inside it.
    if (state !== undefined) state.transaction.isOpen = false
    try {
      await rollback(connection)
    } finally {
      setOpen(connection, false)
    }
  }
}

/** Kysely knows by this mark that there is no transaction any more, and gives the connection of a controlled one back. */
function markAborted(error: unknown): never {
  const told = findPoolsafeError(error)
  const wasSent = told !== undefined && 'wasSent' in told && told.wasSent === true
  if (wasSent) Object.defineProperty(error, Symbol.for('kysely.AbortedTransactionError'), { value: true })
  throw error
}

function setOpen(connection: DatabaseConnection, isOpen: boolean): void {
  const state = stateOf(connection)
  if (state === undefined) return
  state.transaction.isOpen = isOpen
  state.transactionSince = isOpen ? performance.now() : 0
}

type ReleaseOptions = Parameters<Driver['releaseConnection']>[1]

function guardRelease(driver: Driver, guard: Guard): void {
  const release = driver.releaseConnection.bind(driver)
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
    return stateOf(connection)?.transaction.isOpen === true ? releaseOpen(connection, options) : release(connection, options)
  }
  driver.releaseConnection = releaseConnection
}
