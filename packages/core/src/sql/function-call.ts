import type { A_Indirection, FuncCall, Node } from '@pgsql/types'

/** A call of a function. */
export interface FunctionCall {
  readonly name: string
  /** Absent where the function is found through the search path. */
  readonly schema?: string
  readonly args: readonly Node[]
  /** The argument by position (from 0) or, where the call names it, by name. */
  argument(position: number, name: string): Node | undefined
}

/** Reads a call. */
export function functionCall(node: FuncCall): FunctionCall {
  const path = names(node.funcname)
  const schema = path.at(-2)
  const args = node.args ?? []
  return {
    name: path.at(-1) ?? '',
    args,
    ...(schema !== undefined && { schema }),
    argument(position, argumentName) {
      const named = args.find((arg) => 'NamedArgExpr' in arg && arg.NamedArgExpr.name === argumentName)
      if (named !== undefined && 'NamedArgExpr' in named) return named.NamedArgExpr.arg
      const arg = args[position]
      return arg === undefined || 'NamedArgExpr' in arg ? undefined : arg
    },
  }
}

/** `(42::bigint).pg_advisory_lock` calls the function with what stands before the dot. */
export function attributeCall({ arg, indirection }: A_Indirection): FunctionCall | undefined {
  const last = indirection?.at(-1)
  if (arg === undefined || last === undefined || !('String' in last)) return undefined
  return functionCall({ funcname: [last], args: [arg] })
}

/** Returns true if the call means a function of PostgreSQL itself: one qualified with another schema is the user's. */
export function isBuiltIn({ schema }: FunctionCall): boolean {
  return schema === undefined || schema === 'pg_catalog'
}

/** The parts of a qualified name. */
export function names(path: readonly Node[] | undefined): string[] {
  return (path ?? []).flatMap((part) => ('String' in part ? [part.String.sval ?? ''] : []))
}

/**
 * Returns true if an expression is a constant that PostgreSQL reads as this boolean. NULL is not: `set_config(…, NULL)`
 * acts as with `false` (measured on PostgreSQL 18).
 */
export function isBooleanConstant(node: Node | undefined, wanted: boolean): boolean {
  if (node === undefined) return false
  if ('TypeCast' in node) return isBooleanConstant(node.TypeCast.arg, wanted)
  if (!('A_Const' in node)) return false
  const constant = node.A_Const
  if ('boolval' in constant) return (constant.boolval?.boolval ?? false) === wanted
  if ('sval' in constant) return booleanOf(constant.sval?.sval ?? '') === wanted
  return false
}

/** Settings are found without regard to the case of ASCII letters, and of no others. */
export function settingName(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** Returns true if an expression is the constant NULL. */
export function isNullConstant(node: Node | undefined): boolean {
  if (node === undefined) return false
  if ('TypeCast' in node) return isNullConstant(node.TypeCast.arg)
  return 'A_Const' in node && node.A_Const.isnull === true
}

/** PostgreSQL's `parse_bool`: any unambiguous prefix of true, false, yes, no, on, off, 1, 0, in any case. */
function booleanOf(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  if (word === '' || word === 'o') return undefined
  if (['true', 'yes', 'on', '1'].some((full) => full.startsWith(word))) return true
  if (['false', 'no', 'off', '0'].some((full) => full.startsWith(word))) return false
  return undefined
}

/** The text of a string constant. */
export function stringConstant(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return stringConstant(node.TypeCast.arg)
  return 'A_Const' in node && 'sval' in node.A_Const ? node.A_Const.sval?.sval : undefined
}

/** The text of a constant that is a number or a string. */
export function constantText(node: Node): string | undefined {
  if (!('A_Const' in node) || node.A_Const.isnull) return undefined
  const { ival, fval, sval } = node.A_Const as {
    ival?: { ival?: number }
    fval?: { fval?: string }
    sval?: { sval?: string }
  }
  return ival === undefined ? (fval?.fval ?? sval?.sval) : String(ival.ival ?? 0)
}

/**
 * Returns the expression under casts to these types; `undefined` under another cast, which may cut the value or round
 * it.
 */
export function withoutCasts(node: Node, types: RegExp): Node | undefined {
  if (!('TypeCast' in node)) return node
  const { arg, typeName } = node.TypeCast
  if (arg === undefined || typeName?.typmods !== undefined || typeName?.arrayBounds !== undefined) return undefined
  return types.test(names(typeName?.names).at(-1) ?? '') ? withoutCasts(arg, types) : undefined
}

/** Returns true for the usual ways to the number of a lock: of the same text, the same number. */
export function isTextHash(call: FunctionCall): boolean {
  return /^hashtext(extended)?$/.test(call.name) && isBuiltIn(call)
}
