import type {
  AlterTableStmt,
  ColumnRef,
  Constraint,
  CreateFunctionStmt,
  ExplainStmt,
  Node,
  ResTarget,
  TypeName,
} from '@pgsql/types'
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
  AlterTableStmt: ({ relation, cmds = [] }) => [
    relation?.relname,
    ...cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? referredBy(cmd.AlterTableCmd.def) : [])),
  ],
  CreateCastStmt: ({ sourcetype, targettype }) => [typeNameOf(sourcetype), typeNameOf(targettype)],
  CreateDomainStmt: ({ domainname }) => [names(domainname).at(-1)],
  CreateEventTrigStmt: () => [anyDefinition],
  CreateFunctionStmt: (statement) => namesOfFunction(statement),
  CreatePolicyStmt: ({ table }) => [table?.relname],
  CreateStmt: ({ relation, inhRelations = [], tableElts = [] }) => [
    relation?.relname,
    ...inhRelations.map(relationName),
    ...tableElts.flatMap(referredBy),
  ],
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

/** The name under which an event trigger is known. No object has it. */
const anyDefinition = '\0'

/** A function of one row may be written as a column, `t.f` instead of `f(t)`. The planner calls one that is not volatile. */
function namesOfFunction({ funcname, parameters = [], options = [] }: CreateFunctionStmt): Names {
  const name = names(funcname).at(-1) ?? ''
  const types = parameters.flatMap((each) => ('FunctionParameter' in each ? [each.FunctionParameter.argType] : []))
  const isOfRow = types.some((type) => names(type?.names)[0] !== 'pg_catalog')
  const isPlanned = options.some(
    (each) =>
      'DefElem' in each &&
      each.DefElem.defname === 'volatility' &&
      each.DefElem.arg !== undefined &&
      'String' in each.DefElem.arg &&
      each.DefElem.arg.String.sval !== 'volatile',
  )
  return [name, isOfRow ? asColumn(name) : undefined, isPlanned ? asPlanned(name) : undefined]
}

const asColumn = (name: string): string => `\0column ${name}`
const asPlanned = (name: string): string => `\0planned ${name}`

/** Returns the tables that a column or a constraint refers to: their DELETE and UPDATE may reach this table. */
function referredBy(node: Node | undefined): Names {
  if (node === undefined) return []
  if ('ColumnDef' in node) return (node.ColumnDef.constraints ?? []).flatMap(referredBy)
  return 'Constraint' in node ? [tableOf(node.Constraint)] : []
}

function tableOf({ pktable }: Constraint): string | undefined {
  return pktable?.relname
}

function relationName(node: Node): string | undefined {
  return 'RangeVar' in node ? node.RangeVar.relname : undefined
}

/** Returns the names in a statement that may run definitions. A statement that only defines runs event triggers alone. */
export function namesRunBy(statement: Node): string[] {
  if ('ExplainStmt' in statement && !runs(statement.ExplainStmt)) return plannedBy(statement.ExplainStmt)
  const [tag = ''] = Object.keys(statement)
  const fired = firesEventTriggers(statement, tag) ? [anyDefinition] : []
  if ('CreateTableAsStmt' in statement && statement.CreateTableAsStmt.into?.skipData === true) return fired
  if ('AlterTableStmt' in statement && !evaluates(statement.AlterTableStmt)) return fired
  // PostgreSQL computes the bounds of a partition at once.
  if ('CreateStmt' in statement) return [...fired, ...wordsOf(statement.CreateStmt.partbound)]
  return running.has(tag) ? [...fired, ...wordsOf(statement)] : fired
}

/** Returns the names in the text of a DO block. It may define something as well. */
export function namesRunByBlock(body: string): string[] {
  return [anyDefinition, ...wordsIn(body)]
}

/** The planner computes calls with constant arguments, and estimates others. */
function plannedBy({ query }: ExplainStmt): string[] {
  return wordsOf(query).map(asPlanned)
}

/** Statements about roles, databases, tablespaces and event triggers fire none, as those that only use objects. */
function firesEventTriggers(statement: Node, tag: string): boolean {
  if ('SelectStmt' in statement) return statement.SelectStmt.intoClause !== undefined
  if ('DropStmt' in statement) return statement.DropStmt.removeType !== 'OBJECT_EVENT_TRIGGER'
  return /^(Alter|Create|Drop|Define|Grant|Reindex|Refresh|Rename|Composite|Comment|Import|Index|Rule|Sec|View)/.test(
    tag,
  )
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
  'TruncateStmt',
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

/** Returns all strings in a tree, except literals, columns and aliases. */
export function wordsOf(statement: object | undefined): string[] {
  const words = new Set<string>()
  const pending: unknown[] = [statement]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value === 'string') words.add(value)
    if (typeof value !== 'object' || value === null) continue
    for (const [key, child] of Object.entries(value)) {
      if (key === 'ResTarget') pending.push((child as ResTarget).val)
      else if (key === 'ColumnRef') words.add(asColumn(lastFieldOf(child as ColumnRef)))
      else if (!noNames.has(key)) pending.push(child)
    }
  }
  return [...words]
}

/** Returns the column of a qualified name. */
function lastFieldOf({ fields = [] }: ColumnRef): string {
  return fields.length > 1 ? (names(fields).at(-1) ?? '') : ''
}

const noNames: ReadonlySet<string> = new Set(['A_Const', 'Alias', 'alias'])

/** Returns the words of a text that may be names. */
export function wordsIn(text: string): string[] {
  return text.match(/[\w$\u0080-\uffff]+/g) ?? []
}
