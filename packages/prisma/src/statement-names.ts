import type { Statement } from './types.ts'

/** Returns the name of the prepared statement for a query; `undefined` for an unnamed one. */
type NameOf = (statement: Statement) => string | undefined

/** The options that PrismaPg, and the transactions that it starts, keep. */
interface NamingAdapter {
  pgOptions?: { readonly statementNameGenerator?: NameOf }
}

/**
 * Returns a function that names the statements of an adapter. The application's generator may count its calls, so it
 * is called once for each statement, and the adapter gets the same name.
 *
 * @returns `undefined` for an adapter that names no statement
 */
export function statementNamesOf(adapter: object): NameOf | undefined {
  const naming = adapter as NamingAdapter
  const generate = naming.pgOptions?.statementNameGenerator
  if (typeof generate !== 'function') return undefined
  const names = new WeakMap<Statement, string | undefined>()
  const nameOf: NameOf = (statement) => {
    if (!names.has(statement)) names.set(statement, generate(statement))
    return names.get(statement)
  }
  naming.pgOptions = { ...naming.pgOptions, statementNameGenerator: nameOf }
  return nameOf
}
