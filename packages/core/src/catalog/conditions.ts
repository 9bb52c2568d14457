import type { RelationReference } from '../analyze/references.ts'
import type { HookCondition } from './description.ts'

/** Returns true if a statement that uses a relation so runs the hook, or may do so. */
export function runsHook(
  { ofColumns, defaultOf, position, ofChildren }: HookCondition,
  { use, columns, defaults = [], positions, isComplete, isOnly }: RelationReference,
): boolean {
  if (ofChildren === true && isOnly === true) return false
  if (ofColumns !== undefined) return columns === undefined || columns.some((column) => ofColumns.includes(column))
  if (defaultOf === undefined || defaults.includes(defaultOf)) return true
  if (use === 'update' || isComplete === true) return false
  if (columns !== undefined) return !columns.includes(defaultOf)
  return positions === undefined || position === undefined || !positions.includes(position)
}

/** The number of arguments that a routine takes. */
interface Arity {
  readonly least: number
  readonly most: number
  readonly isVariadic?: boolean
}

/** Returns true if a call with so many arguments may mean the routine. */
export function takesArguments({ least, most, isVariadic = false }: Arity, count: number): boolean {
  return count >= Math.min(least, isVariadic ? most - 1 : most) && (isVariadic || count <= most)
}

/**
 * Returns the objects that a name may mean: those of the first schema of the search path that has any. If none has, the
 * search path is not known, and all of them are returned.
 */
export function visibleIn<Item extends { readonly schema: string }>(
  items: readonly Item[],
  schema: string | undefined,
  path: readonly string[],
): Item[] {
  if (schema !== undefined) return items.filter((item) => item.schema === schema)
  const first = path.find((each) => items.some((item) => item.schema === each))
  return first === undefined ? [...items] : items.filter((item) => item.schema === first)
}

/** The conditions under which an event trigger fires. */
interface Firing {
  readonly event: string
  /** Absent or `null` for all commands. */
  readonly tags?: readonly string[] | null
}

/**
 * Returns true if a DDL statement fires the event trigger, or may do so. At a login there is no statement.
 *
 * @param command the command tag; empty if it is not known
 */
export function fires({ event, tags }: Firing, command: string): boolean {
  if (event === 'login') return false
  if (tags && command !== '' && !tags.includes(command)) return false
  if (event === 'table_rewrite') return command === '' || command.startsWith('ALTER ')
  return event !== 'sql_drop' || command === '' || /^(DROP|ALTER) /.test(command)
}
