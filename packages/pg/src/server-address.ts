import type { PoolReport } from '@poolsafe/core'
import { sampleOf } from './startup.ts'
import type { PoolLike } from './types.ts'

/** A name, an address, or the folder of a socket, which contains colons on Cloud SQL. */
const hostForm = /^[\w.:-]+$|^\/[\w./:-]+$/
const databaseForm = /^[\w.-]+$/
/** A URL, or the folder of a socket followed by a database. */
const stringForm = /^(?:[a-z][\w+.-]*:\/\/|\/)/i
/** The password contains a character that ends the host part, so the URL parser takes its first half for the port. */
const lateAt = /^[^/]*\/\/[^/?#]*[/?#].*@/s

const unknown: PoolReport['server'] = { address: undefined, port: undefined, database: undefined }

/**
 * Returns the server that the pool's clients will log in to, without user and password. pg accepts every connection
 * string, also one that it does not understand, so a part may hold the password. So a string without the form of a URL
 * gives nothing, and a part without the form of a name is left out.
 */
export function serverOf(pool: PoolLike): PoolReport['server'] {
  const { connectionString } = (pool as { readonly options?: { readonly connectionString?: unknown } }).options ?? {}
  if (typeof connectionString === 'string' && isDoubtful(connectionString)) return unknown
  const { host, port, database } = sampleOf(pool) ?? {}
  return {
    address: inForm(hostForm, host),
    port: typeof port === 'number' ? port : undefined,
    database: inForm(databaseForm, database),
  }
}

function isDoubtful(connectionString: string): boolean {
  return !stringForm.test(connectionString) || lateAt.test(connectionString)
}

function inForm(form: RegExp, value: unknown): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined
}

/** Fields of Node's connect errors that contain the address, as the message does. */
const placeFields = ['address', 'hostname', 'host', 'port', 'path', 'dest', 'input'] as const

/**
 * Returns the error without the address, for a pool whose address may be part of its password. Node quotes the address
 * in the message and in fields (`getaddrinfo ENOTFOUND …`, `connect ENOENT …`). The class of such an error is `Error`;
 * `code`, `errno` and `syscall` stay.
 */
export function withoutAddress(error: Error): Error {
  const { code, syscall } = error as { readonly code?: unknown; readonly syscall?: unknown }
  if (typeof syscall !== 'string' || typeof code !== 'string') return error
  const copy = new Error(`${syscall} ${code} … (the connection string of the pool is malformed)`)
  const kept = Object.entries(error).filter(([field]) => !(placeFields as readonly string[]).includes(field))
  return Object.assign(copy, Object.fromEntries(kept))
}
