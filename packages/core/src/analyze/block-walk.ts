import {
  actionsIn,
  assigns,
  dynamicStatements,
  exitsIn,
  further,
  isError,
  isExpression,
  judgedStatements,
  leavesBlock,
  loops,
  mayPassBy,
  type Assigning,
  type If,
  type Leaves,
  type Loop,
  type Parsed,
} from './block-parts.ts'
import { columnsOf, plainName } from './columns.ts'
import { toStatement } from './expression-text.ts'
import { isTryLock, lockConditionIn, tryLock } from './lock-condition.ts'
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
  /** The scopes of the handlers, for a block with an EXCEPTION clause. */
  readonly handlers: Scope[]
  /** It ends with an exception. */
  raises: boolean
  /** The scope around it. That of a body has none. */
  readonly parent: Scope | undefined
  /** A block with an EXCEPTION clause: it runs whenever the scope around it does. */
  readonly isProtected: boolean
  /** The number of expressions before it. */
  readonly start: number
}

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

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
  /** The scope of the statement that is visited. */
  #around: Scope | undefined
  /** The scope around the loop that is visited, if its one EXIT ends it. */
  #loop: Scope | undefined

  constructor(body: object) {
    this.#visit(body, this.#newScope({ isBody: true }))
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
    const around = this.#around
    for (const part of list) {
      this.#around = current
      const found = isExpression(part) ? this.#find(part, false, current, list) : this.#visit(part, current)
      if (this.#rest !== undefined || found !== 'nothing') current = this.#rest ?? this.#newScope()
      this.#rest = undefined
      leaves = further(leaves, found)
    }
    this.#around = around
    return leaves
  }

  #visitPart(key: string, part: object, scope: Scope | undefined): Leaves {
    this.#noteEnd(key, part, scope)
    if (key.startsWith('PLpgSQL_stmt_') && !judgedStatements.has(key)) this.#mayHaveFailed = true
    if (key === 'PLpgSQL_stmt_if') return this.#visitIf(part, scope)
    if (key === 'PLpgSQL_stmt_block' && 'exceptions' in part) return this.#visitProtected(part, scope)
    if (loops.test(key)) return this.#visitLoop(key, part, scope)
    if (key === 'PLpgSQL_stmt_exit') return this.#visitExit(part)
    const inner = mayPassBy(key) ? undefined : scope
    const leaves = this.#visit(part, inner, dynamicStatements.has(key) ? 'query' : undefined)
    if (assigns.has(key)) this.#noteTry(part)
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

  #newScope({ isBody = false, isProtected = false } = {}): Scope {
    const [parent, start] = [this.#around, this.found.length]
    const scope: Scope = { isBody, isProtected, handlers: [], raises: false, parent, start }
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
    const scope = this.#newScope({ isProtected: parent !== undefined })
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
    const tried = cond === undefined ? undefined : this.#findCondition(cond, part)
    const inThen = this.#newScope()
    const inElse = this.#newScope()
    const leavesThen = this.#visitList(then, inThen)
    if (tried !== undefined) {
      if (!tried.isNegated) tried.by.scope = inThen
      else if (elsif === undefined && otherwise !== undefined) tried.by.scope = inElse
      else if (elsif === undefined) this.#continueBehind(then, tried.by, current)
    }
    const leavesElsif = elsif === undefined ? 'nothing' : this.#visit({ elsif }, undefined)
    const leavesElse = otherwise === undefined ? 'nothing' : this.#visitList(otherwise, inElse)
    return [leavesThen, leavesElsif, leavesElse].reduce(further)
  }

  /** `WHILE NOT pg_try_advisory_lock(1) LOOP … END LOOP`, `LOOP EXIT WHEN pg_try_advisory_lock(1); …`. */
  #visitLoop(key: string, part: object, scope: Scope | undefined): Leaves {
    const { cond, body = [], ...others } = part as Loop
    const tried = cond === undefined ? undefined : this.#findCondition(cond, part)
    const around = this.#loop
    this.#loop = key === 'PLpgSQL_stmt_loop' && exitsIn(body) === 1 ? scope : undefined
    this.#visit(others, undefined, dynamicStatements.has(key) ? 'query' : undefined)
    const leaves = this.#visitList(body, this.#newScope())
    this.#loop = around
    if (tried?.isNegated === true && exitsIn(body) === 0) tried.by.scope = scope
    return leaves === 'block' ? leaves : 'nothing'
  }

  #visitExit(part: If): Leaves {
    const tried = part.cond === undefined ? undefined : this.#findCondition(part.cond, part)
    if (tried?.isNegated === false && 'is_exit' in part && !('label' in part) && this.#loop !== undefined)
      tried.by.scope = this.#loop
    return leavesBlock('PLpgSQL_stmt_exit', part)
  }

  /** Returns the expression that takes a lock, if the condition is that it was taken. */
  #findCondition(cond: Parsed, part: object): Tried | undefined {
    const { query, parseMode: mode } = cond.PLpgSQL_expr
    const condition = this.#tries.size === 0 && !tryLock.test(query) ? undefined : lockConditionIn(query)
    const by = condition?.variable === undefined ? undefined : this.#tries.get(condition.variable)
    if (condition?.call === undefined || by !== undefined) {
      this.#find(cond, false, undefined, part)
      return condition === undefined || by === undefined ? undefined : { isNegated: condition.isNegated, by }
    }
    const { from, to } = condition.call
    // The other calls of the condition are an expression of their own.
    const rest = `${query.slice(0, from)}true${query.slice(to)}`
    this.#find({ PLpgSQL_expr: { query: rest, parseMode: mode } }, false, undefined, part)
    this.#find({ PLpgSQL_expr: { query: query.slice(from, to), parseMode: mode } }, false, undefined, part)
    const [found] = this.found.slice(-1)
    return found === undefined ? undefined : { isNegated: condition.isNegated, by: found }
  }

  /** `IF NOT got THEN RETURN; END IF`: the statements behind it run if the lock was taken. */
  #continueBehind(then: readonly object[], condition: Mutable<Expression>, current: Scope | undefined): void {
    const [key = '', part = {}] = (Object.entries(then.at(-1) ?? {})[0] ?? []) as [string?, object?]
    const raises = key === 'PLpgSQL_stmt_raise' && isError(part)
    if (current === undefined || (!raises && leavesBlock(key, part) === 'nothing')) return
    condition.scope = this.#rest = raises ? current : this.#newScope()
  }

  /** `got := pg_try_advisory_lock(1)`, `SELECT pg_try_advisory_lock(1) INTO got`. */
  #noteTry({ target, refname }: Assigning): void {
    const expression = this.found.at(-1)
    if (expression === undefined || !tryLock.test(expression.query)) return
    const columns = unlessRefused(() => columnsOf(toStatement(expression))) ?? []
    const variable = target?.PLpgSQL_row?.fields?.[0]?.name ?? target?.PLpgSQL_var?.refname ?? refname
    const name = variable ?? plainName(columns[0])
    if (name !== undefined && isTryLock(columns.at(-1))) this.#tries.set(name, expression)
  }
}

interface Tried {
  readonly isNegated: boolean
  readonly by: Mutable<Expression>
}
