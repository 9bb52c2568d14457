import type { ClientLike } from './types.ts'

/** The property of a client that holds the texts of repaired statements by their names. */
const namedKey: unique symbol = Symbol('poolsafe.repairedNames')

interface RepairingClient extends ClientLike {
  [namedKey]?: Map<string, string>
}

/** The longest name of a prepared statement, in bytes: PostgreSQL's NAMEDATALEN - 1. */
const longestName = 63

const longName = `the name of the prepared statement leaves no room for a second name (${longestName} bytes)`

/**
 * The name of the repaired text of a prepared statement. pg refuses a second text under one name, and the application's
 * own text may be prepared as well.
 */
export function secondName(name: string): string {
  return `poolsafe_${name}`
}

/** Returns why a statement of this name cannot be sent under a second name; `undefined` if it can. */
export function whyNoSecondName(name: string): string | undefined {
  return Buffer.byteLength(secondName(name)) > longestName ? longName : undefined
}

/** Remembers the application's text of a named statement whose repaired text was sent. */
export function rememberName(client: RepairingClient, name: string, sql: string): void {
  if (client[namedKey] === undefined) Object.defineProperty(client, namedKey, { value: new Map() })
  client[namedKey]?.set(name, sql)
}

/** Returns the text of a statement that was repaired on this client, and is now sent by its name alone. */
export function repairedTextOf(name: string, client: RepairingClient): string | undefined {
  return client[namedKey]?.get(name)
}
