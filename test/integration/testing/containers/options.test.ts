import { InvalidOptionError } from '@poolsafe/core'
import {
  startPgBouncer,
  startPooler,
  startPostgres,
  type PgBouncerOptions,
  type PoolerOptions,
  type PostgresOptions,
} from '@poolsafe/testing/servers'
import { expect, it } from 'vitest'

const target = { host: '127.0.0.1', port: 5432, user: 'postgres', password: 'secret', database: 'postgres' }

async function expectRefusal(started: Promise<unknown>, message: string): Promise<void> {
  const error: unknown = await started.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(InvalidOptionError)
  expect(String(error)).toContain(message)
}

it.each<[unknown, string]>([
  [{ prt: 3 }, "one of settings, image; got 'prt'"],
  [null, 'an object with the options settings, image'],
  [{ settings: { port: 5432 } }, 'startPostgres(): settings must be an object of texts by name'],
  [{ image: 18 }, 'startPostgres(): image must be the name of an image'],
])('startPostgres refuses options that it does not have: %#', (options, message) => {
  return expectRefusal(startPostgres(options as PostgresOptions), message)
})

it.each<[unknown, string]>([
  [undefined, 'an object with the options target'],
  [{}, 'startPgBouncer(): target must be what startPostgres() gives'],
  [{ target: 'postgresql://localhost/db' }, 'startPgBouncer(): target must be what startPostgres() gives'],
  [{ target: { ...target, port: '5432' } }, 'startPgBouncer(): target must be what startPostgres() gives'],
  [{ target, pool: 3 }, "got 'pool'"],
  [
    { target, poolMode: 'transactions' },
    "did you mean 'transaction'? It must be one of 'transaction', 'session', 'statement'",
  ],
  [{ target, defaultPoolSize: 0 }, 'startPgBouncer(): defaultPoolSize must be a whole number of at least 1; got 0'],
  [{ target, users: { guest: 1 } }, 'startPgBouncer(): users must be an object of passwords by user'],
  [{ target, settings: ['a'] }, 'startPgBouncer(): settings must be an object of texts by name'],
])('startPgBouncer refuses options that it does not have: %#', (options, message) => {
  return expectRefusal(startPgBouncer(options as PgBouncerOptions), message)
})

it.each<[unknown, string]>([
  [undefined, 'an object with the options target'],
  [{ kind: 'hostile' }, 'startPooler(): target must be what startPostgres() gives'],
  [{ target, image: 'a' }, "got 'image'"],
  [{ target, pgbouncer: { poolMode: 'session' } }, "got 'poolMode'"],
  [{ target, hostile: 'yes' }, 'startPooler(): hostile must be an object of options'],
  [{ target, kind: 'hostile', users: [] }, 'startPooler(): users must be an object of passwords by user'],
])('startPooler refuses options that it does not have: %#', (options, message) => {
  return expectRefusal(startPooler(options as PoolerOptions), message)
})
