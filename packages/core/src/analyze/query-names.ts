import type { Node, WithClause } from '@pgsql/types'

/** One step that is left to do: look at a part of the tree, or begin or end the scope of a name. */
type Task = { readonly look: object } | { readonly begin: string } | { readonly end: string }

/**
 * Returns the table references of a statement that name a query of WITH. A query sees those before it, with RECURSIVE
 * all of them, and no name outside of the statement that WITH belongs to (measured on PostgreSQL 18).
 */
export function queryReferencesIn(statement: Node): ReadonlySet<object> {
  const found = new Set<object>()
  const open = new Map<string, number>()
  const tasks: Task[] = [{ look: statement }]
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ('begin' in task) open.set(task.begin, (open.get(task.begin) ?? 0) + 1)
    else if ('end' in task) open.set(task.end, (open.get(task.end) ?? 0) - 1)
    else look(task.look)
  }
  return found

  function look(part: object): void {
    const { withClause, relname, schemaname } = part as Part
    if (relname !== undefined && schemaname === undefined && (open.get(relname) ?? 0) > 0) found.add(part)
    const own = Object.entries(part).flatMap(([key, value]: [string, unknown]) =>
      typeof value === 'object' && value !== null && key !== 'withClause' ? [{ look: value }] : [],
    )
    const next = withClause === undefined ? own : scoped(withClause, own)
    // A list may have more items than a call may have arguments.
    for (let at = next.length - 1; at >= 0; at--) tasks.push(next[at] as Task)
  }
}

interface Part {
  readonly withClause?: WithClause
  readonly relname?: string
  readonly schemaname?: string
}

function scoped({ ctes = [], recursive = false }: WithClause, own: readonly Task[]): Task[] {
  const queries = ctes.flatMap((each) => ('CommonTableExpr' in each ? [each.CommonTableExpr] : []))
  const names = queries.map(({ ctename = '' }) => ctename)
  const begin = names.map((name): Task => ({ begin: name }))
  const bodies = queries.map((query): Task => ({ look: query }))
  const before = recursive ? [...begin, ...bodies] : bodies.flatMap((body, index) => [body, begin[index] as Task])
  return [...before, ...own, ...names.map((name): Task => ({ end: name }))]
}
