import type { Node } from '@pgsql/types'
import { columnsOf, plainName } from './columns.ts'
import { functionCall, isBuiltIn } from '../sql/function-call.ts'
import { unlessRefused } from '../sql/parser.ts'

/** Something that PL/pgSQL passes to SQL. */
export interface Expression {
  readonly query: string
  readonly parseMode: number
  /** Its value is the statement to run. */
  readonly isDynamic: boolean
  /** A statement between this expression and the one before may fail: RAISE, ASSERT, FETCH. */
  readonly followsFallible: boolean
  /** The values behind USING. */
  readonly parameters: readonly string[]
  /** The statements that it runs together with; `undefined` if nothing is known. */
  readonly scope: Scope | undefined
  /** A ROLLBACK or an exception that surely follows takes it back. */
  readonly isRolledBack: boolean
}

/** Statements that run in their order: all of them, or none. */
export interface Scope {
  /** Runs exactly once if the call succeeds. */
  readonly isBody: boolean
  /** Of a block with an EXCEPTION clause: the scopes of its handlers. */
  readonly handlers: Scope[]
  /** It ends with an exception. */
  raises: boolean
  /** The scope around a block with an EXCEPTION clause. */
  readonly parent: Scope | undefined
  /** The number of expressions before it. */
  readonly start: number
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** How far a statement may leave: not at all, to the end of its loop, or out of the block. */
type Leaves = 'nothing' | 'loop' | 'block'

/** EXECUTE and FOR … IN EXECUTE. PL/pgSQL evaluates their `query` to a statement; USING has plain expressions. */
const dynamicStatements: ReadonlySet<string> = new Set(['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors'])

const loops = /^PLpgSQL_stmt_(?:loop|while|fori|fors|forc|foreach_a|dynfors)$/

/** Statements that run their parts exactly once. */
const plainStatements = new Set(
  ['assign', 'block', 'call', 'dynexecute', 'execsql', 'perform'].map((name) => `PLpgSQL_stmt_${name}`),
)

/** Statements that do nothing but run their SQL, which is judged. */
const judgedStatements = new Set(['block', 'execsql', 'perform'].map((name) => `PLpgSQL_stmt_${name}`))

/** `elog_level` of RAISE EXCEPTION. */
const errorLevel = 21

/** Finds everything that PL/pgSQL passes to SQL, in the order of the text. */
export class BlockWalk {
  readonly found: Mutable<Expression>[] = []
  /** In the order of the text: the inner ones behind those around them. */
  readonly scopes: Scope[] = []
  /** The block has COMMIT or ROLLBACK, so earlier effects may stay or not. */
  endsTransaction = false
  #mayHaveFailed = false
  /** The number of expressions before the last COMMIT. */
  #committed = 0
  /** Variables that hold whether a lock was taken. */
  readonly #tries = new Map<string, Mutable<Expression>>()
  /** The scope of the statements behind the one that was visited last, if it is not a new one. */
  #rest: Scope | undefined

  constructor(body: object) {
    this.#visit(body, this.#newScope(undefined, true))
  }

  /** @returns how far it may leave */
  #visit(value: object, scope: Scope | undefined, dynamicField?: string): Leaves {
    if (Array.isArray(value)) return this.#visitList(value as object[], scope ?? this.#newScope())
    let leaves: Leaves = 'nothing'
    for (const [key, child] of Object.entries(value) as [string, unknown][]) {
      if (typeof child !== 'object' || child === null) continue
      const reached = leaves === 'nothing' ? scope : undefined
      if (isExpression(child)) this.#find(child, key === 'dynquery' || key === dynamicField, reached, value)
      else leaves = further(leaves, this.#visitPart(key, child, reached))
    }
    return leaves
  }

  /** The statements behind one that may leave are a scope of their own. */
  #visitList(list: readonly object[], scope: Scope): Leaves {
    let leaves: Leaves = 'nothing'
    let current = scope
    for (const part of list) {
      const found = isExpression(part) ? this.#find(part, false, current, list) : this.#visit(part, current)
      if (this.#rest !== undefined || found !== 'nothing') current = this.#rest ?? this.#newScope()
      this.#rest = undefined
      leaves = further(leaves, found)
    }
    return leaves
  }

  #visitPart(key: string, part: object, scope: Scope | undefined): Leaves {
    this.#noteEnd(key, part, scope)
    if (key.startsWith('PLpgSQL_stmt_') && !judgedStatements.has(key)) this.#mayHaveFailed = true
    if (key === 'PLpgSQL_stmt_if') return this.#visitIf(part, scope)
    if (key === 'PLpgSQL_stmt_block' && 'exceptions' in part) return this.#visitProtected(part, scope)
    const inner = mayPassBy(key) ? undefined : scope
    const leaves = this.#visit(part, inner, dynamicStatements.has(key) ? 'query' : undefined)
    if (key === 'PLpgSQL_stmt_assign' || key === 'PLpgSQL_stmt_execsql') this.#noteTry(part)
    if (loops.test(key)) return leaves === 'loop' ? 'nothing' : leaves
    return further(leaves, leavesBlock(key, part))
  }

  #noteEnd(key: string, part: object, scope: Scope | undefined): void {
    if (key === 'PLpgSQL_stmt_raise' && scope !== undefined && isError(part)) {
      scope.raises = true
      this.#rollBack(scope.start)
    }
    if (key !== 'PLpgSQL_stmt_commit' && key !== 'PLpgSQL_stmt_rollback') return
    this.endsTransaction = true
    if (key === 'PLpgSQL_stmt_commit') this.#committed = this.found.length
    else if (scope?.isBody === true) this.#rollBack(this.#committed)
  }

  #newScope(parent?: Scope, isBody = false): Scope {
    const scope: Scope = { isBody, handlers: [], raises: false, parent, start: this.found.length }
    this.scopes.push(scope)
    return scope
  }

  #rollBack(from: number): void {
    for (const expression of this.found.slice(from)) expression.isRolledBack = true
  }

  #find(child: Parsed, isDynamic: boolean, scope: Scope | undefined, statement: object): Leaves {
    const parameters = isDynamic && 'params' in statement ? (statement.params as Parsed[]) : []
    this.found.push({
      ...child.PLpgSQL_expr,
      isDynamic,
      followsFallible: this.#mayHaveFailed,
      parameters: parameters.map(({ PLpgSQL_expr: each }) => each.query),
      scope,
      isRolledBack: false,
    })
    this.#mayHaveFailed = false
    return 'nothing'
  }

  #visitProtected(part: object, parent: Scope | undefined): Leaves {
    const { body = [], exceptions, ...others } = part as { body?: object[]; exceptions?: object }
    const scope = this.#newScope(parent)
    let leaves = this.#visit(others, parent)
    leaves = further(leaves, this.#visitList(body, scope))
    for (const action of actionsIn(exceptions ?? {})) {
      const handler = this.#newScope()
      scope.handlers.push(handler)
      leaves = further(leaves, this.#visitList(action, handler))
    }
    return leaves
  }

  #visitIf(part: If, current: Scope | undefined): Leaves {
    const { cond, then_body: then = [], elsif_list: elsif, else_body: otherwise } = part
    const tried = this.#triedBy(cond)
    const inThen = this.#newScope()
    if (cond !== undefined) this.#find(cond, false, undefined, part)
    const condition = tried?.by ?? this.found.at(-1)
    if (tried?.isNegated === true && tried.by === undefined && condition !== undefined)
      condition.query = condition.query.replace(/^\s*not\b/i, '')
    const inElse = this.#newScope()
    const leavesThen = this.#visitList(then, inThen)
    if (tried !== undefined && condition !== undefined) {
      if (!tried.isNegated) condition.scope = inThen
      else if (elsif === undefined && otherwise !== undefined) condition.scope = inElse
      else if (elsif === undefined) this.#continueBehind(then, condition, current)
    }
    const leavesElsif = elsif === undefined ? 'nothing' : this.#visit({ elsif }, undefined)
    const leavesElse = otherwise === undefined ? 'nothing' : this.#visitList(otherwise, inElse)
    return [leavesThen, leavesElsif, leavesElse].reduce(further)
  }

  /** `IF NOT got THEN RETURN; END IF`: the statements behind it run if the lock was taken. */
  #continueBehind(then: readonly object[], condition: Mutable<Expression>, current: Scope | undefined): void {
    const [key = '', part = {}] = (Object.entries(then.at(-1) ?? {})[0] ?? []) as [string?, object?]
    const raises = key === 'PLpgSQL_stmt_raise' && isError(part)
    if (current === undefined || (!raises && leavesBlock(key, part) === 'nothing')) return
    condition.scope = this.#rest = raises ? current : this.#newScope()
  }

  /** `IF pg_try_advisory_lock(1)`, `IF NOT got`: whether the condition is that a lock was taken. */
  #triedBy(cond: Parsed | undefined): { readonly isNegated: boolean; readonly by?: Mutable<Expression> } | undefined {
    const query = cond?.PLpgSQL_expr.query ?? ''
    if (this.#tries.size === 0 && !tryLock.test(query)) return undefined
    const [value] = unlessRefused(() => columnsOf(`SELECT ${query}`)) ?? []
    const isNegated = value !== undefined && 'BoolExpr' in value && value.BoolExpr.boolop === 'NOT_EXPR'
    const asked = isNegated ? value.BoolExpr.args?.[0] : value
    if (isTryLock(asked)) return { isNegated }
    const by = this.#tries.get(plainName(asked) ?? '')
    return by === undefined ? undefined : { isNegated, by }
  }

  /** `got := pg_try_advisory_lock(1)`, `SELECT pg_try_advisory_lock(1) INTO got`. */
  #noteTry({ target }: Assigning): void {
    const expression = this.found.at(-1)
    if (expression === undefined || !tryLock.test(expression.query)) return
    const columns = unlessRefused(() => columnsOf(toStatement(expression))) ?? []
    const name = target?.PLpgSQL_row?.fields?.[0]?.name ?? target?.PLpgSQL_var?.refname ?? plainName(columns[0])
    if (name !== undefined && isTryLock(columns.at(-1))) this.#tries.set(name, expression)
  }
}

interface Parsed {
  readonly PLpgSQL_expr: { readonly query: string; readonly parseMode: number }
}

interface If {
  readonly cond?: Parsed
  readonly then_body?: readonly object[]
  readonly elsif_list?: readonly object[]
  readonly else_body?: readonly object[]
}

interface Assigning {
  readonly target?: {
    readonly PLpgSQL_row?: { readonly fields?: readonly { readonly name?: string }[] }
    readonly PLpgSQL_var?: { readonly refname?: string }
  }
}

function further(one: Leaves, other: Leaves): Leaves {
  if (one === 'block' || other === 'block') return 'block'
  return one === 'loop' ? one : other
}

const tryLock = /pg_try_advisory_lock/i

function isTryLock(value: Node | undefined): boolean {
  const call = value !== undefined && 'FuncCall' in value ? functionCall(value.FuncCall) : undefined
  return call !== undefined && isBuiltIn(call) && /^pg_try_advisory_lock(_shared)?$/.test(call.name)
}

function actionsIn(exceptions: object): object[][] {
  const { exc_list: list = [] } = (exceptions as { PLpgSQL_exception_block?: { exc_list?: object[] } })
    .PLpgSQL_exception_block ?? { exc_list: [] }
  return list.map((each) => (each as { PLpgSQL_exception?: { action?: object[] } }).PLpgSQL_exception?.action ?? [])
}

function isError(part: object): boolean {
  return (part as { readonly elog_level?: number }).elog_level === errorLevel
}

function mayPassBy(key: string): boolean {
  return (key.startsWith('PLpgSQL_stmt_') && !plainStatements.has(key)) || key === 'datums'
}

/** RETURN, and EXIT or CONTINUE with a label leave the block. Without a label they leave only the surrounding loop. */
function leavesBlock(key: string, part: object): Leaves {
  if (key.startsWith('PLpgSQL_stmt_return')) return 'block'
  if (key !== 'PLpgSQL_stmt_exit') return 'nothing'
  return 'label' in part ? 'block' : 'loop'
}

function isExpression(value: object): value is Parsed {
  return 'PLpgSQL_expr' in value
}

/** The modes in which PL/pgSQL calls the SQL parser (`RawParseMode` in PostgreSQL's parser.h). */
const parseMode = { statement: 0, expression: 2 }

/** Returns what PL/pgSQL makes of an expression: a statement, or a SELECT with the value as its last column. */
export function toStatement({ query, parseMode: mode }: Pick<Expression, 'query' | 'parseMode'>): string {
  if (mode === parseMode.statement) return query
  return mode === parseMode.expression ? `SELECT ${query}` : `SELECT ${assigned(query)}`
}

/** PL/pgSQL evaluates both sides of `x[i] := value`. */
function assigned(query: string): string {
  let depth = 0
  for (const { 0: token, index } of query.matchAll(/"[^"]*"|'[^']*'|[[\]]|:?=/g)) {
    if (token === '[') depth++
    else if (token === ']') depth--
    else if (depth === 0 && token.endsWith('=')) return `${query.slice(0, index)}, ${query.slice(index + token.length)}`
  }
  return query
}
