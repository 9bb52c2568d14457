/** How far a statement may leave: not at all, to the end of its loop, or out of the block. */
export type Leaves = 'nothing' | 'loop' | 'block'

/** EXECUTE and FOR … IN EXECUTE. PL/pgSQL evaluates their `query` to a statement; USING has plain expressions. */
export const dynamicStatements: ReadonlySet<string> = new Set(['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors'])

/** Statements that run their body any number of times. */
export const loops: RegExp = /^PLpgSQL_stmt_(?:loop|while|fori|fors|forc|foreach_a|dynfors)$/

/** Statements that run their parts exactly once. */
const plainStatements = new Set(
  ['assign', 'block', 'call', 'dynexecute', 'execsql', 'perform', 'return', 'return_next', 'return_query'].map(
    (name) => `PLpgSQL_stmt_${name}`,
  ),
)

/** Statements that give a variable a value. */
export const assigns: ReadonlySet<string> = new Set(['PLpgSQL_stmt_assign', 'PLpgSQL_stmt_execsql', 'PLpgSQL_var'])

/** Parts of which one runs, and the declarations. */
const branches = new Set(['PLpgSQL_if_elsif', 'PLpgSQL_case_when', 'datums'])

/** Statements that do nothing but run their SQL, which is judged. */
export const judgedStatements: ReadonlySet<string> = new Set(
  ['block', 'execsql', 'perform'].map((name) => `PLpgSQL_stmt_${name}`),
)

/** `elog_level` of RAISE EXCEPTION. */
const errorLevel = 21

/** An expression or a statement of SQL, as PL/pgSQL’s parser gives it. */
export interface Parsed {
  readonly PLpgSQL_expr: { readonly query: string; readonly parseMode: number }
}

/** IF; EXIT, CONTINUE and loops share its condition. */
export interface If {
  readonly cond?: Parsed
  readonly then_body?: readonly object[]
  readonly elsif_list?: readonly object[]
  readonly else_body?: readonly object[]
}

export interface Loop extends If {
  readonly body?: readonly object[]
}

/** A statement or a declaration that gives a variable a value. */
export interface Assigning {
  readonly refname?: string
  readonly target?: {
    readonly PLpgSQL_row?: { readonly fields?: readonly { readonly name?: string }[] }
    readonly PLpgSQL_var?: { readonly refname?: string }
  }
}

/** Returns the one that leaves further. */
export function further(one: Leaves, other: Leaves): Leaves {
  if (one === 'block' || other === 'block') return 'block'
  return one === 'loop' ? one : other
}

/** Returns the statements of each handler behind EXCEPTION. */
export function actionsIn(exceptions: object): object[][] {
  const { exc_list: list = [] } = (exceptions as { PLpgSQL_exception_block?: { exc_list?: object[] } })
    .PLpgSQL_exception_block ?? { exc_list: [] }
  return list.map((each) => (each as { PLpgSQL_exception?: { action?: object[] } }).PLpgSQL_exception?.action ?? [])
}

/** Counts the statements that may end a loop, inner loops included. */
export function exitsIn(body: readonly object[]): number {
  return JSON.stringify(body).match(/"PLpgSQL_stmt_(?:exit|return)"/g)?.length ?? 0
}

/** Returns true for a RAISE that ends the block: RAISE EXCEPTION. */
export function isError(part: object): boolean {
  return (part as { readonly elog_level?: number }).elog_level === errorLevel
}

/** Returns true for a part that may not run, or may run several times. */
export function mayPassBy(key: string): boolean {
  return (key.startsWith('PLpgSQL_stmt_') && !plainStatements.has(key)) || branches.has(key)
}

/**
 * RETURN, and EXIT or CONTINUE with a label leave the block. Without a label they leave only the surrounding loop. RETURN
 * NEXT and RETURN QUERY add rows, and go on.
 */
export function leavesBlock(key: string, part: object): Leaves {
  if (key === 'PLpgSQL_stmt_return') return 'block'
  if (key !== 'PLpgSQL_stmt_exit') return 'nothing'
  return 'label' in part ? 'block' : 'loop'
}

export function isExpression(value: object): value is Parsed {
  return 'PLpgSQL_expr' in value
}
