import type { Query, Sql } from './driver.ts'

/** A text, and the values and types of its parameters, as postgres.js sends them. */
export interface Built {
  readonly text: string
  readonly values: readonly unknown[]
  readonly types: readonly unknown[]
}

/** Something that postgres.js builds into a text: a helper such as `sql(values)`. */
interface Helper {
  build(before: string, values: unknown[], types: unknown[], options: object): string
}

/** The texts of templates without fragments. The application's code has one array for each template. */
const texts = new WeakMap<object, string>()

/**
 * Returns the text that postgres.js will send for a query.
 *
 * @returns `undefined` if postgres.js cannot build it either; it then reports why
 */
export function textOf(query: Query, sql: Sql): string | undefined {
  const { strings } = query
  if (strings.length === 1 && typeof strings[0] === 'string') return strings[0]
  if (query.args.some(mayBeText)) return build(query, sql)?.text
  const known = texts.get(strings)
  if (known !== undefined) return known
  if (!isLiteral(strings)) return build(query, sql)?.text
  const text = strings.reduce((before, part, index) => `${before}$${index}${part}`)
  texts.set(strings, text)
  return text
}

/** False for parts that a library has put together: it may change them for its next query. */
function isLiteral(strings: Query['strings']): boolean {
  return Array.isArray(strings) && Object.isFrozen(strings) && strings.length > 0
}

/** Helpers, fragments and lists of fragments are objects. Objects that are values only take the longer way. */
function mayBeText(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null
}

/**
 * Builds a query as postgres.js does, by its own code: a helper whose only value is a query becomes the text of that
 * query, in parentheses.
 */
export function build(query: Query, sql: Sql): Built | undefined {
  const values: unknown[] = []
  const types: unknown[] = []
  const { fragment } = query
  try {
    const text = (sql({ query }) as Helper).build('values', values, types, sql.options)
    return { text: text.slice(1, -1), values, types }
  } catch {
    return undefined
  } finally {
    if (fragment !== true) query.fragment = false
  }
}
