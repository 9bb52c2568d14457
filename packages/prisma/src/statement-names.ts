import { secondName, whyNoSecondName } from '@poolsafe/pg'
import type { Statement } from './types.ts'

/** Returns the name of the prepared statement for a query; `undefined` for an unnamed one. */
type NameOf = (statement: Statement) => string | undefined

/** The options that PrismaPg, and the transactions that it starts, keep. */
interface NamingAdapter {
  pgOptions?: { readonly statementNameGenerator?: NameOf }
}

/** The names of the prepared statements of an adapter. */
export interface StatementNames {
  readonly nameOf: NameOf
  /**
   * Names a repaired statement after the application's. A driver refuses two texts under one name, so it is another
   * name.
   */
  readonly nameAfter: (original: Statement, changed: Statement) => void
  /** Sends a statement without a name. */
  readonly unname: (statement: Statement) => void
  /** Returns why a statement has no other name, so that its text cannot change; `undefined` if it can. */
  readonly keepsText: (statement: Statement) => string | undefined
}

/**
 * Reads the names of an adapter's statements. The application's generator may count its calls, so it is called once for
 * each statement, and the adapter gets the same name.
 *
 * @returns `undefined` for an adapter that names no statement
 */
export function statementNamesOf(adapter: object): StatementNames | undefined {
  const naming = adapter as NamingAdapter
  const generate = naming.pgOptions?.statementNameGenerator
  if (typeof generate !== 'function') return undefined
  const names = new WeakMap<Statement, string | undefined>()
  const nameOf: NameOf = (statement) => {
    if (!names.has(statement)) names.set(statement, generate(statement))
    return names.get(statement)
  }
  naming.pgOptions = { ...naming.pgOptions, statementNameGenerator: nameOf }
  return {
    nameOf,
    nameAfter(original, changed) {
      const name = nameOf(original)
      names.set(changed, name === undefined || name === '' ? name : secondName(name))
    },
    unname: (statement) => void names.set(statement, undefined),
    keepsText: (statement) => whyNoSecondName(nameOf(statement) ?? ''),
  }
}
