import type { AlterTableStmt, Node, ResTarget, TypeName } from '@pgsql/types'
import { names } from '../sql/function-call.ts'
import { runs } from '../sql/executed.ts'

/** Returns the names that a statement defines for later statements; empty for a statement that defines nothing. */
export function namesDefinedBy(statement: Node): string[] {
  const [[tag, node] = []] = Object.entries(statement) as [Tag, never][]
  const found = tag === undefined ? undefined : definedBy[tag]?.(node as never)
  return (found ?? []).filter((name) => name !== undefined)
}

type Names = (string | undefined)[]

/** Statements that define something, and how to find its names. */
const definedBy: {
  readonly [T in Tag]?: (node: Tagged<T>) => Names
} = {
  AlterDomainStmt: ({ typeName }) => [names(typeName).at(-1)],
  AlterTableStmt: ({ relation }) => [relation?.relname],
  CreateCastStmt: ({ sourcetype, targettype }) => [typeNameOf(sourcetype), typeNameOf(targettype)],
  CreateDomainStmt: ({ domainname }) => [names(domainname).at(-1)],
  CreateFunctionStmt: ({ funcname }) => [names(funcname).at(-1)],
  CreatePolicyStmt: ({ table }) => [table?.relname],
  CreateStmt: ({ relation, inhRelations = [] }) => [relation?.relname, ...inhRelations.map(relationName)],
  CreateTableAsStmt: ({ into }) => (into?.skipData === true ? [into.rel?.relname] : []),
  CreateTrigStmt: ({ relation }) => [relation?.relname],
  DefineStmt: ({ defnames }) => [names(defnames).at(-1)],
  PrepareStmt: ({ name }) => [name],
  RenameStmt: ({ newname }) => [newname],
  RuleStmt: ({ relation }) => [relation?.relname],
  ViewStmt: ({ view }) => [view?.relname],
}

type Tag = Node extends infer Each ? (Each extends Each ? keyof Each : never) : never
type Tagged<T extends Tag> = Node extends infer Each ? (Each extends Record<T, infer Inner> ? Inner : never) : never

function typeNameOf(type: TypeName | undefined): string | undefined {
  return names(type?.names).at(-1)
}

function relationName(node: Node): string | undefined {
  return 'RangeVar' in node ? node.RangeVar.relname : undefined
}

/** Returns the names in a statement that may run definitions. A statement that only defines runs none. */
export function namesRunBy(statement: Node): string[] {
  if ('ExplainStmt' in statement && !runs(statement.ExplainStmt)) return []
  if ('CreateTableAsStmt' in statement && statement.CreateTableAsStmt.into?.skipData === true) return []
  if ('AlterTableStmt' in statement && !evaluates(statement.AlterTableStmt)) return []
  const [tag] = Object.keys(statement)
  return tag !== undefined && running.has(tag) ? wordsOf(statement) : []
}

/** Statements that run functions, or evaluate checks, defaults, views, rules and triggers. */
const running: ReadonlySet<string> = new Set([
  'AlterDomainStmt',
  'AlterTableStmt',
  'CallStmt',
  'CopyStmt',
  'CreateTableAsStmt',
  'DeclareCursorStmt',
  'DeleteStmt',
  'ExecuteStmt',
  'ExplainStmt',
  'IndexStmt',
  'InsertStmt',
  'MergeStmt',
  'RefreshMatViewStmt',
  'SelectStmt',
  'UpdateStmt',
])

/** Returns true if a part of ALTER TABLE evaluates expressions for existing rows. */
function evaluates({ cmds = [] }: AlterTableStmt): boolean {
  return cmds.some(
    (cmd) =>
      'AlterTableCmd' in cmd &&
      /Validate|AddConstraint|AddColumn|ColumnType|Attach|SetExpression/.test(cmd.AlterTableCmd.subtype ?? ''),
  )
}

/** Returns all strings in the tree of a statement, except literals, columns and aliases. */
export function wordsOf(statement: Node): string[] {
  const words = new Set<string>()
  const pending: unknown[] = [statement]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value === 'string') words.add(value)
    if (typeof value !== 'object' || value === null) continue
    for (const [key, child] of Object.entries(value)) {
      if (key === 'ResTarget') pending.push((child as ResTarget).val)
      else if (!noNames.has(key)) pending.push(child)
    }
  }
  return [...words]
}

const noNames: ReadonlySet<string> = new Set(['A_Const', 'Alias', 'ColumnRef', 'alias'])

/** Returns the words of a text that may be names. */
export function wordsIn(text: string): string[] {
  return text.match(/[\w$\u0080-\uffff]+/g) ?? []
}
