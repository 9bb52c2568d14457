import type { Statement } from './types.ts'

/** Names the statement that a query is sent as; `undefined` for an unnamed one. */
type NameOf = (statement: Statement) => string | undefined

/** What PrismaPg, and the transactions that it starts, keep of its options. */
interface NamingAdapter {
  pgOptions?: { readonly statementNameGenerator?: NameOf }
}

/**
 * Finds out which statements an adapter sends by name. A generator of the application's may count: it is asked once for
 * each statement, and the adapter gets the same name.
 *
 * @returns `undefined` for an adapter that names none
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
