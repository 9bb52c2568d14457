import type { FuncCall, Node } from '@pgsql/types'
import { functionCall, isBuiltIn, names } from '../sql/function-call.ts'
import { parse, unlessRefused } from '../sql/parser.ts'
import { columnsOf } from './columns.ts'

/** The text that a dynamic EXECUTE builds, as far as the code shows it. */
export interface Folded {
  /** Names and values that are only known at run time stand in it as `x` and `'x'`. */
  readonly sql: string
  /** What is only known at run time is quoted, so it cannot change what the statement does. */
  readonly isWhole: boolean
}

/**
 * Returns the text that an expression builds with `||`, `format()`, `quote_ident()` and `quote_literal()`; `undefined`
 * if PostgreSQL’s grammar refuses it with the names and values filled in.
 *
 * @param select the expression as `SELECT …`
 */
export function foldText(select: string): Folded | undefined {
  const [value] = columnsOf(select)
  if (value === undefined) return undefined
  const fold = new Fold()
  const sql = fold.text(value)
  return sql.trim() !== 'x' && isStatement(sql) ? { sql, isWhole: fold.isWhole } : undefined
}

function isStatement(sql: string): boolean {
  return (unlessRefused(() => parse(sql)) ?? []).length > 0
}

/** Types whose values print as a name or a number. */
const plainTypes = /^(?:reg\w+|int[248]|integer|bigint|smallint|oid|bool|boolean)$/

class Fold {
  isWhole = true

  text(node: Node): string {
    if ('A_Const' in node) return this.#constant(node.A_Const)
    if ('TypeCast' in node) return this.#cast(node.TypeCast.arg, names(node.TypeCast.typeName?.names).at(-1) ?? '')
    if ('FuncCall' in node) return this.#call(node.FuncCall)
    if ('A_Expr' in node && names(node.A_Expr.name).at(-1) === '||') {
      const { lexpr, rexpr } = node.A_Expr
      return (lexpr === undefined ? '' : this.text(lexpr)) + (rexpr === undefined ? '' : this.text(rexpr))
    }
    return this.#unknown()
  }

  #unknown(): string {
    this.isWhole = false
    return 'x'
  }

  #constant(constant: object): string {
    if ('sval' in constant) return (constant.sval as { readonly sval?: string }).sval ?? ''
    return 'ival' in constant ? String((constant.ival as { readonly ival?: number }).ival ?? 0) : this.#unknown()
  }

  #cast(arg: Node | undefined, type: string): string {
    if (arg !== undefined && ('A_Const' in arg || !plainTypes.test(type))) return this.text(arg)
    return type.startsWith('reg') ? 'x' : '1'
  }

  #call(node: FuncCall): string {
    const call = functionCall(node)
    if (!isBuiltIn(call)) return this.#unknown()
    if (call.name === 'quote_ident') return 'x'
    if (call.name === 'quote_literal' || call.name === 'quote_nullable') return "'x'"
    const [first, ...values] = call.args
    if (call.name !== 'format' || first === undefined || !('A_Const' in first)) return this.#unknown()
    return this.#format(this.text(first), values)
  }

  /** `%I` is a quoted name, `%L` a quoted value, `%s` anything. */
  #format(template: string, values: readonly Node[]): string {
    let next = 0
    return template.replaceAll(/%(?:(\d+)\$)?-?\d*([ILs%])/g, (_, position: string | undefined, kind: string) => {
      if (kind === '%') return '%'
      if (position !== undefined) next = Number(position) - 1
      const value = values[next++]
      if (kind === 'I') return 'x'
      if (kind === 'L') return "'x'"
      return value === undefined ? this.#unknown() : this.text(value)
    })
  }
}
