import type {
  AlterDomainStmt,
  AlterTableCmd,
  Constraint,
  CreateTableAsStmt,
  DeleteStmt,
  ExplainStmt,
  Node,
  SelectStmt,
  UpdateStmt,
} from '@pgsql/types'
import {
  attributeCall,
  functionCall,
  isBooleanConstant,
  isBuiltIn,
  isTextHash,
  type FunctionCall,
} from './function-call.ts'
import { pureText } from './pure-expression.ts'

/** A node of the tree with its tag. */
export interface Visit {
  /** `Evaluated` for an expression whose own tag stands in it. */
  readonly tag: string
  readonly node: object
  /** `false` for what PostgreSQL stores or only plans: it looks up the names in it, and no more. */
  readonly isExecuted: boolean
}

/**
 * Statements that store expressions, queries or bodies for later instead of executing them. What they hold is judged
 * when it runs. `CREATE TABLE` stores defaults and checks; `CREATE FUNCTION … SET x` sets x around each call.
 */
const stores: ReadonlySet<string> = new Set([
  'AlterDomainStmt',
  'AlterFunctionStmt',
  'AlterPolicyStmt',
  'Constraint',
  'CreateDomainStmt',
  'CreateFunctionStmt',
  'CreatePolicyStmt',
  'CreateTrigStmt',
  'PrepareStmt',
  'RuleStmt',
  'ViewStmt',
])

/**
 * Fields that hold a node without its tag. The two sides of UNION, INTERSECT and EXCEPT nest as deeply as there are
 * such words.
 */
const untagged: ReadonlyMap<string, string> = new Map([
  ['relation', 'RangeVar'],
  ['rel', 'RangeVar'],
  ['view', 'RangeVar'],
  ['sequence', 'RangeVar'],
  ['larg', 'SelectStmt'],
  ['rarg', 'SelectStmt'],
  ['funccall', 'FuncCall'],
  ['typeName', 'TypeName'],
])

/**
 * The nodes of a statement, in the order of the text.
 *
 * @param isPlain whether a function of pg_catalog is known, by its name, to be no aggregate
 */
export function* visitsOf(statement: Node, isPlain: (name: string) => boolean): Generator<Visit> {
  // An explicit stack, because the tree of a long expression is deeper than JavaScript's call stack.
  const pending: Visit[] = Object.entries(statement).map(([tag, node]) => ({ tag, node, isExecuted: true }))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    yield next
    const children = childrenOf(next, isPlain)
    for (let index = children.length - 1; index >= 0; index--) pending.push(children[index] as Visit)
  }
}

function childrenOf({ tag, node, isExecuted }: Visit, isPlain: (name: string) => boolean): Visit[] {
  const found: Visit[] = []
  collectChildren(node, isExecuted && executesChildren(tag, node, isPlain), found)
  return isExecuted ? [...found, ...runAtOnce(tag, node)] : found
}

/**
 * The places where tokens, literals, names and comments meet. A lexer may get them wrong.
 * a table or a domain, unless it is NOT VALID or NOT ENFORCED (measured on 18).
 */
function runAtOnce(tag: string, node: object): Visit[] {
  if (tag === 'ExplainStmt') return runs(node) ? [] : ofExecute((node as ExplainStmt).query)
  if (tag === 'CreateTableAsStmt') {
    const { into, query } = node as CreateTableAsStmt
    return into?.skipData === true ? ofExecute(query) : []
  }
  if (tag === 'AlterDomainStmt') return ofConstraint((node as AlterDomainStmt).def)
  if (tag !== 'AlterTableCmd') return []
  const { subtype, def } = node as AlterTableCmd
  if (subtype === 'AT_AddConstraint') return ofConstraint(def)
  const constraints =
    subtype === 'AT_AddColumn' && def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.constraints ?? []) : []
  return constraints.flatMap(ofConstraint)
}

/**
 * `EXPLAIN EXECUTE p (f())` and `CREATE TABLE … AS EXECUTE p (f()) WITH NO DATA` evaluate the parameters (measured on
 * 18).
 */
function ofExecute(query: Node | undefined): Visit[] {
  if (query !== undefined && 'CreateTableAsStmt' in query) return ofExecute(query.CreateTableAsStmt.query)
  if (query === undefined || !('ExecuteStmt' in query)) return []
  return (query.ExecuteStmt.params ?? []).map((node) => ({ tag: 'Evaluated', node, isExecuted: true }))
}

function ofConstraint(node: Node | undefined): Visit[] {
  const constraint = node !== undefined && 'Constraint' in node ? node.Constraint : undefined
  if (constraint?.raw_expr === undefined || !isEvaluated(constraint)) return []
  return [{ tag: 'Evaluated', node: constraint.raw_expr, isExecuted: true }]
}

function isEvaluated({ contype, initially_valid: isValidated }: Constraint): boolean {
  return contype === 'CONSTR_DEFAULT' || (contype === 'CONSTR_CHECK' && isValidated === true)
}

function executesChildren(tag: string, node: object, isPlain: (name: string) => boolean): boolean {
  if (stores.has(tag)) return false
  switch (tag) {
    case 'ExplainStmt':
      return runs(node)
    case 'CreateTableAsStmt':
      return (node as CreateTableAsStmt).into?.skipData !== true
    case 'AlterTableCmd':
      return (node as AlterTableCmd).subtype !== 'AT_ColumnDefault'
    case 'SelectStmt':
      return !selectsNothing(node, isPlain)
    case 'UpdateStmt':
    case 'DeleteStmt':
      return !(isNever((node as UpdateStmt | DeleteStmt).whereClause) && (node as UpdateStmt).withClause === undefined)
    default:
      return true
  }
}

/**
 * `WHERE false`: PostgreSQL plans an empty result and evaluates nothing of the query (measured on 18). An aggregate
 * gives a row all the same, and any other function may be one, hence only bare calls of functions that return no
 * aggregate; a WITH may hold an INSERT, which runs.
 */
function selectsNothing(
  { whereClause, withClause, groupClause, havingClause, targetList = [] }: SelectStmt,
  isPlain: (name: string) => boolean,
): boolean {
  const hasMore = [withClause, groupClause, havingClause].some((part) => part !== undefined)
  return !hasMore && isNever(whereClause) && targetList.every((target) => isNoAggregate(target, isPlain))
}

/** A constant, a column, or a known function of pg_catalog that is called without another call in its arguments. */
function isNoAggregate(target: Node, isPlain: (name: string) => boolean): boolean {
  const value = 'ResTarget' in target ? target.ResTarget.val : undefined
  if (value === undefined) return false
  if ('A_Const' in value || 'ColumnRef' in value) return true
  if (!('FuncCall' in value)) return false
  const call = functionCall(value.FuncCall)
  return isBuiltIn(call) && isPlain(call.name) && call.args.every((arg) => !('FuncCall' in arg))
}

/**
 * The calls that a statement surely makes, once each, if it succeeds: those that are a column of a SELECT of one row,
 * the one function that a SELECT reads from, and CALL. PostgreSQL may leave out any other call: behind WHERE, CASE,
 * LIMIT, COALESCE, in a WITH that nothing reads.
 *
 * @param isKnown whether a call's function is known to return one value
 */
export function certainCalls(statement: Node, isKnown: (call: FunctionCall) => boolean): ReadonlySet<object> {
  if ('CallStmt' in statement)
    return new Set(statement.CallStmt.funccall === undefined ? [] : [statement.CallStmt.funccall])
  if (!('SelectStmt' in statement)) return noCalls
  const { fromClause, targetList = [], ...others } = statement.SelectStmt
  if (mayBeEmpty.some((part) => part in others)) return noCalls
  const columns = targetList.map((target) => ('ResTarget' in target ? target.ResTarget.val : undefined))
  if (fromClause !== undefined) {
    const call = columns.every(isColumn) ? onlyFunction(fromClause) : undefined
    return call === undefined ? noCalls : new Set([nodeIn(call)])
  }
  const calls = columns.flatMap((column) => (column !== undefined && isCalled(column, isKnown) ? [nodeIn(column)] : []))
  return columns.every((column) => column !== undefined && (isValue(column) || isCalled(column, isKnown)))
    ? new Set(calls)
    : noCalls
}

const noCalls: ReadonlySet<object> = new Set()

/** Parts of a SELECT with which it may have no row, or several. */
const mayBeEmpty = [
  'whereClause',
  'groupClause',
  'havingClause',
  'limitCount',
  'limitOffset',
  'withClause',
  'larg',
  'valuesLists',
] as const

function nodeIn(node: Node): object {
  return Object.values(node)[0] as object
}

function isColumn(column: Node | undefined): boolean {
  return column !== undefined && ('ColumnRef' in column || isValue(column))
}

/** Returns the call of `FROM f(…)`, if nothing else stands there. */
export function onlyFunction([first, second]: readonly Node[]): Node | undefined {
  const { functions = [], is_rowsfrom: isRowsFrom } =
    first !== undefined && second === undefined && 'RangeFunction' in first ? first.RangeFunction : {}
  const [list] = functions
  const call = list !== undefined && 'List' in list ? list.List.items?.[0] : undefined
  return isRowsFrom ? undefined : call
}

function isCalled(column: Node, isKnown: (call: FunctionCall) => boolean): boolean {
  const call =
    'FuncCall' in column
      ? functionCall(column.FuncCall)
      : 'A_Indirection' in column
        ? attributeCall(column.A_Indirection)
        : undefined
  return call !== undefined && isKnown(call) && call.args.every(isOneValue)
}

/** No set, whose length would be the number of rows. */
export function isSimple(argument: Node): boolean {
  if ('NamedArgExpr' in argument) return argument.NamedArgExpr.arg !== undefined && isSimple(argument.NamedArgExpr.arg)
  if ('TypeCast' in argument) return argument.TypeCast.arg !== undefined && isSimple(argument.TypeCast.arg)
  if (!('FuncCall' in argument)) return isValue(argument)
  const call = functionCall(argument.FuncCall)
  return isTextHash(call) && call.args.every(isSimple)
}

/** The same, or an expression with one value, which may fail. */
function isOneValue(argument: Node): boolean {
  const value = 'NamedArgExpr' in argument ? argument.NamedArgExpr.arg : argument
  return value !== undefined && (isSimple(value) || pureText(value) !== undefined)
}

/** A constant or a parameter. */
export function isValue(node: Node): boolean {
  return 'A_Const' in node || 'ParamRef' in node
}

/** WHERE false and WHERE NULL. */
export function isNever(condition: Node | undefined): boolean {
  return (
    condition !== undefined &&
    'A_Const' in condition &&
    (condition.A_Const.isnull === true || isBooleanConstant(condition, false))
  )
}

/** The tagged nodes under `value`: a tag is a key that starts with a capital, every other key is a field. */
function collectChildren(value: object, isExecuted: boolean, found: Visit[]): void {
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (typeof child !== 'object' || child === null) continue
    const tag = isTag(key) ? key : tagOfField(key, child)
    if (tag === undefined) collectChildren(child, isExecuted, found)
    else found.push({ tag, node: child, isExecuted })
  }
}

function tagOfField(key: string, child: object): string | undefined {
  const tag = untagged.get(key)
  return tag === undefined || Array.isArray(child) || Object.keys(child).some(isTag) ? undefined : tag
}

function isTag(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 0x41 && first <= 0x5a
}

/** EXPLAIN executes its statement only with ANALYZE. */
export function runs({ options }: ExplainStmt): boolean {
  return (options ?? []).some(
    (option) => 'DefElem' in option && option.DefElem.defname === 'analyze' && !isOff(option.DefElem.arg),
  )
}

/** PostgreSQL's `defGetBoolean`: no value means true; false, off and 0 mean false. */
function isOff(value: Node | undefined): boolean {
  if (value === undefined) return false
  if ('Integer' in value) return (value.Integer.ival ?? 0) === 0
  return 'String' in value && ['false', 'off'].includes((value.String.sval ?? '').toLowerCase())
}
