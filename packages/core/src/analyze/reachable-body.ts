import { isError, isExpression, type If, type Parsed } from './block-parts.ts'
import { assignmentsIn } from './assignments.ts'
import { constantOf, holds, type Constants } from './constant-condition.ts'
import { unlessRefused } from '../sql/parser.ts'
import { tokensOf } from '../sql/statement-text.ts'
import { variablesOf, withArguments, type Constant, type TriggerFacts } from './trigger-facts.ts'

/**
 * Returns the parts of a routine in PL/pgSQL that may run: without the branches of constant conditions
 * (`IF TG_OP = 'DELETE'` in a trigger for INSERT), statements behind a RETURN, and cursors that are never opened.
 *
 * @param facts the trigger that calls it
 */
export function reachableBody(body: object, facts?: TriggerFacts): object {
  return new Reachable(body, facts).body
}

/** A branch of IF or CASE. */
interface Branch {
  readonly cond: Parsed
  readonly stmts?: readonly object[]
}

interface Case {
  readonly t_expr?: Parsed
  readonly t_varno?: number
  readonly case_when_list?: readonly { readonly PLpgSQL_case_when: Branch & { readonly expr: Parsed } }[]
  readonly have_else?: boolean
  readonly else_stmts?: readonly object[]
}

class Reachable {
  readonly body: object
  readonly #constants: Constants
  readonly #args: readonly string[] | undefined
  readonly #opened: ReadonlySet<number>

  constructor(body: object, facts: TriggerFacts | undefined) {
    const { opened, own } = namesIn(body)
    this.#args = own.has('tg_argv') ? undefined : facts?.args
    const constants = facts === undefined ? [] : variablesOf(facts, this.#args)
    const known = new Map([...constants].filter(([name]) => !own.has(name)))
    this.#constants = known.size === 0 ? known : new Map([...known, ...copiesIn(body, known)])
    this.#opened = opened
    this.body = this.#part(body)
  }

  #part(value: object): object {
    if (Array.isArray(value)) return this.#list(value as object[])
    const entries = (Object.entries(value) as [string, unknown][]).map(([key, child]) => [key, this.#child(key, child)])
    return Object.fromEntries(entries) as object
  }

  #child(key: string, child: unknown): unknown {
    if (typeof child !== 'object' || child === null) return child
    if (key === 'datums' && Array.isArray(child))
      return child.map((datum: object, at) => this.#part(this.#opened.has(at) ? datum : withoutQuery(datum)))
    return key === 'PLpgSQL_expr' ? this.#expression(child as Parsed['PLpgSQL_expr']) : this.#part(child)
  }

  #expression(expression: Parsed['PLpgSQL_expr']): Parsed['PLpgSQL_expr'] {
    if (this.#args === undefined) return expression
    return { ...expression, query: withArguments(expression.query, this.#args) }
  }

  /** Statements behind one that surely leaves never run. */
  #list(list: readonly object[]): object[] {
    const found: object[] = []
    for (const part of list)
      for (const each of this.#expanded(part)) {
        found.push(each)
        if (leaves(each)) return found
      }
    return found
  }

  /** The condition of a branch that surely runs stays, because it is evaluated. */
  #expanded(part: object): object[] {
    if ('PLpgSQL_stmt_if' in part) return this.#if(part.PLpgSQL_stmt_if as If)
    if ('PLpgSQL_stmt_case' in part) return this.#case(part.PLpgSQL_stmt_case as Case)
    return [this.#part(part)]
  }

  #if(part: If): object[] {
    const { cond, then_body: then = [], elsif_list: elsif = [], else_body: otherwise, ...others } = part
    if (cond === undefined) return [this.#part({ PLpgSQL_stmt_if: part })]
    const branches = [
      { cond, stmts: then },
      ...elsif.map((each) => (each as { readonly PLpgSQL_if_elsif: Branch }).PLpgSQL_if_elsif),
    ]
    const { before, open, rest } = this.#decide(branches, otherwise, (query) => holds(query, this.#constants))
    const [first, ...more] = open
    if (first === undefined) return [...before, ...rest]
    const own = {
      ...others,
      cond: first.cond,
      then_body: first.stmts,
      ...(more.length > 0 && { elsif_list: more.map((each) => ({ PLpgSQL_if_elsif: each })) }),
      ...(rest.length > 0 && { else_body: rest }),
    }
    return [...before, { PLpgSQL_stmt_if: own }]
  }

  /** `CASE value WHEN …` compares a variable of its own: `"__Case__Variable_13__" IN ('INSERT')`. */
  #case(part: Case): object[] {
    const { t_expr: subject, case_when_list: list = [], t_varno: number = 0, else_stmts: otherwise } = part
    const value = subject === undefined ? undefined : constantOf(subject.PLpgSQL_expr.query, this.#constants)
    const constants = new Map(this.#constants).set(`__Case__Variable_${String(number)}__`, value)
    const branches = list.map(({ PLpgSQL_case_when: { expr, ...each } }) => Object.assign(each, { cond: expr }))
    const decided = this.#decide(branches, otherwise, (query) => holds(query, constants))
    const before = subject === undefined ? decided.before : [this.#part(subject), ...decided.before]
    if (decided.open.length === 0) return [...before, ...decided.rest]
    const whens = decided.open.map(({ cond, ...each }) => ({ PLpgSQL_case_when: { ...each, expr: cond } }))
    return [
      ...before,
      { PLpgSQL_stmt_case: { case_when_list: whens, have_else: part.have_else, else_stmts: decided.rest } },
    ]
  }

  /**
   * @returns the conditions that are surely evaluated, the branches that are open, and the statements that run if none
   *   of these does
   */
  #decide(
    branches: readonly Branch[],
    otherwise: readonly object[] = [],
    decide: (query: string) => boolean | undefined,
  ): { readonly before: object[]; readonly open: Branch[]; readonly rest: object[] } {
    const [before, open]: [object[], Branch[]] = [[], []]
    for (const branch of branches) {
      const { cond, stmts = [] } = branch
      const isTaken = decide(cond.PLpgSQL_expr.query)
      if (isTaken !== undefined && open.length === 0) before.push(this.#part(cond))
      if (isTaken === true) return { before, open, rest: this.#list(stmts) }
      if (isTaken === undefined) open.push({ ...branch, cond: this.#part(cond) as Parsed, stmts: this.#list(stmts) })
    }
    return { before, open, rest: this.#list(otherwise) }
  }
}

/** Returns the numbers of the cursors that are opened, and the variables that have a value of their own. */
function namesIn(body: object): { readonly opened: Set<number>; readonly own: Set<string> } {
  const [opened, declared, own] = [new Set<number>(), new Set<string>(), new Set<string>()]
  const visit = (part: object): void => {
    for (const [key, child] of Object.entries(part) as [string, unknown][]) {
      if (typeof child !== 'object' || child === null) continue
      const { curvar = 0, refname = '', expr } = child as Visited
      if (key === 'PLpgSQL_stmt_open' || key === 'PLpgSQL_stmt_forc') opened.add(curvar)
      // A second declaration hides the first one.
      if (key === 'PLpgSQL_var') (declared.has(refname) ? own : declared).add(refname)
      if (key === 'PLpgSQL_stmt_assign' && expr !== undefined) own.add(targetOf(expr.PLpgSQL_expr.query))
      visit(child)
    }
  }
  visit(body)
  return { opened, own }
}

/** Returns the variable that an assignment changes: `tg_argv[0] := 'x'`. No variable but a trigger's own is asked for. */
function targetOf(query: string): string {
  if (!query.toLowerCase().includes('tg_')) return ''
  const [first] = unlessRefused(() => tokensOf(query)) ?? []
  return (first?.text ?? '').replaceAll('"', '').toLowerCase()
}

interface Visited {
  readonly curvar?: number
  readonly refname?: string
  readonly expr?: Parsed
}

/** Variables that only their declaration gives a value: `v_op text := TG_OP`. */
function copiesIn(body: object, constants: Constants): (readonly [string, Constant])[] {
  const assignments = assignmentsIn(body)
  const counts = new Map<string, number>()
  for (const name of assignments.flatMap(({ variables }) => variables)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return assignments.flatMap(({ sql, variables: [name = ''], isDeclared }) => {
    const isOnce = isDeclared === true && sql.startsWith('SELECT ') && counts.get(name) === 1
    const value = isOnce ? constantOf(sql.slice('SELECT '.length), constants) : undefined
    return value === undefined ? [] : [[name, value] as const]
  })
}

function withoutQuery(datum: object): object {
  if (!('PLpgSQL_var' in datum)) return datum
  const { cursor_explicit_expr: _, ...others } = datum.PLpgSQL_var as { readonly cursor_explicit_expr?: object }
  return { PLpgSQL_var: others }
}

/** Returns true for RETURN, RAISE EXCEPTION, EXIT and CONTINUE, and for an IF whose branches all end so. */
function leaves(part: object): boolean {
  if (isExpression(part)) return false
  if ('PLpgSQL_stmt_return' in part) return true
  if ('PLpgSQL_stmt_raise' in part) return isError(part.PLpgSQL_stmt_raise as object)
  if ('PLpgSQL_stmt_exit' in part) return !('cond' in (part.PLpgSQL_stmt_exit as object))
  if (!('PLpgSQL_stmt_if' in part)) return false
  const { then_body: then = [], elsif_list: elsif = [], else_body: otherwise = [] } = part.PLpgSQL_stmt_if as If
  const others = elsif.map((each) => (each as { readonly PLpgSQL_if_elsif: Branch }).PLpgSQL_if_elsif.stmts ?? [])
  return [then, ...others, otherwise].every((list) => list.some(leaves))
}
