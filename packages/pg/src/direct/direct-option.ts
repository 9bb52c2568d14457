import { InvalidOptionError, poolers } from '@poolsafe/core'
import { engineOf, type Engine } from '@poolsafe/core/adapter'
import { checkBoolean } from '@poolsafe/core/internal'
import { PooledConnectionError } from '../helpers/direct-connection.ts'
import { isPool, type GatedPool } from '../gate-pool.ts'
import { watchNewClients } from '../login.ts'
import { hearClients } from '../pool-events.ts'
import type { GuardPoolOptions } from '../pool-options.ts'
import { hasWiredClients, type DriverFunction, type PoolLike } from '../types.ts'
import { readUrl, withoutSettings } from '../url-settings.ts'
import { setDirect } from './direct-of.ts'
import type { DirectPool } from './direct-pool.ts'
import { reviveWires } from './hand-back.ts'
import type { MovableHome, MovablePool } from './internals.ts'
import { noteEnd, recordWire } from './wire-record.ts'

/** The most connections of a pool that poolsafe makes: they bypass the pooler, which would bound them. */
const defaultMax = 5

const option = 'guardPool(): direct'
const allowed = 'a pool of node-postgres on the unpooled URL, or that URL'

/**
 * Checks what can be known before a connection is opened.
 *
 * @throws InvalidOptionError; PooledConnectionError for a URL that names a pooler
 */
export function checkDirect(
  pool: PoolLike,
  guard: Engine,
  { direct, sessionPooler = false }: GuardPoolOptions = {},
): void {
  checkBoolean('guardPool(): sessionPooler', sessionPooler)
  if (direct === undefined) return
  checkDrivers(pool, direct)
  if (typeof direct === 'string') return checkUrl(direct)
  if (!isPool(direct)) throw noPool(direct)
  if ((direct as unknown) === pool) throw new InvalidOptionError(option, direct, 'another pool than the guarded one')
  const { ending, options } = direct as Partial<MovablePool> & { options?: { connectionString?: unknown } }
  if (ending === true) throw new InvalidOptionError(option, direct, 'a pool that has not ended')
  const theirs = engineOf(direct)
  if (theirs !== undefined && theirs !== guard.direct)
    throw new InvalidOptionError(option, direct, 'a pool without a guard: guardPool() guards it for direct connections')
  if (typeof options?.connectionString === 'string') checkUrl(options.connectionString)
}

function checkDrivers(pool: PoolLike, direct: unknown): void {
  for (const each of [pool, direct]) {
    if (typeof each !== 'object' || each === null || !isPool(each) || hasWiredClients(each)) continue
    throw new InvalidOptionError(
      option,
      direct,
      'given for pools of pg’s own client: pg-native does not expose its connection',
    )
  }
}

function checkUrl(url: string): void {
  readUrl(url)
  const detected = poolers.detect({ url })
  if (detected !== undefined && detected.profile.carries.listen !== 'kept')
    throw new PooledConnectionError(option, detected.because)
}

function noPool(given: unknown): InvalidOptionError {
  const isClient = typeof (given as { readonly query?: unknown } | null)?.query === 'function'
  return new InvalidOptionError(
    option,
    given,
    isClient ? `${allowed}; a client serves one checkout at a time` : allowed,
  )
}

/** Makes a pool like the given one on another URL. */
export function makeDirectPool(pool: PoolLike, url: string): PoolLike {
  const { options, constructor } = pool as unknown as {
    readonly options: Readonly<Record<string, unknown>>
    readonly constructor: new (options: object) => PoolLike
  }
  const { host: _, port: __, user: ___, database: ____, connectionString: _____, ...others } = options
  const max = readUrl(url).max ?? defaultMax
  return new constructor({ ...others, min: 0, max, connectionString: withoutSettings(url) })
}

/** Records what the connections of a pool report, from their login on. */
export function recordWires(pool: PoolLike): void {
  watchNewClients(pool, recordWire)
}

/** Prepares a guarded pool for checkouts that move. */
export function movableHome(pool: PoolLike, { gate, source }: GatedPool, direct: DirectPool): MovableHome {
  const movable = pool as MovablePool
  recordWires(pool)
  reviveWires(movable)
  hearClients(pool, noteEnd)
  setDirect(pool, direct.pool)
  return { pool: movable, gate, source, direct }
}

/** Makes the end of a pool wait for its moved checkouts, and end a direct pool that poolsafe has made. */
export function endTogether(pool: PoolLike, direct: DirectPool, isOurs: boolean): void {
  const { end } = pool as { readonly end?: DriverFunction }
  if (end === undefined) return
  const endAll = async (): Promise<void> => {
    await Promise.all([Reflect.apply(end, pool, []), direct.idle()])
    if (isOurs) await (direct.pool as unknown as { end(): Promise<void> }).end()
  }
  Object.assign(pool, {
    end(callback?: DriverFunction): unknown {
      if (callback === undefined) return endAll()
      return process.getBuiltinModule('node:util').callbackify(endAll)(callback)
    },
  })
}
