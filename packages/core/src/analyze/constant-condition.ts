import type { A_Expr, A_Indirection, BoolExpr, Node } from '@pgsql/types'
import { functionCall, isBuiltIn, names } from '../sql/function-call.ts'
import { unlessRefused } from '../sql/parser.ts'
import { columnsOf, plainName } from './columns.ts'
import type { Constant } from './trigger-facts.ts'

/** The values of variables that are known before the code runs, by their names. */
export type Constants = ReadonlyMap<string, Constant>

/** A condition without variables that is constant. Most texts have none, and are not parsed again. */
const isBoolean = /^\W*(?:not\W+)?(?:true|false)\W*$/i

/** Returns the value of an expression of PL/pgSQL, if it is known before the code runs. */
export function constantOf(query: string, constants: Constants): Constant {
  const text = query.toLowerCase()
  if (!isBoolean.test(query) && ![...constants.keys()].some((name) => text.includes(name.toLowerCase())))
    return undefined
  const [column] = unlessRefused(() => columnsOf(`SELECT ${query}`)) ?? []
  return column === undefined ? undefined : valueOf(column, constants)
}

/** Returns whether a condition of PL/pgSQL holds, if that is known before the code runs. NULL counts as false. */
export function holds(query: string, constants: Constants): boolean | undefined {
  const value = constantOf(query, constants)
  return value === undefined ? undefined : value === true
}

function valueOf(node: Node, constants: Constants): Constant {
  if ('A_Const' in node) return literalOf(node.A_Const)
  if ('ColumnRef' in node) return plainName(node) === 'tg_argv' ? undefined : constants.get(plainName(node) ?? '')
  if ('A_Indirection' in node) return elementOf(node.A_Indirection, constants)
  if ('BoolExpr' in node) return logical(node.BoolExpr, constants)
  if ('A_Expr' in node) return compared(node.A_Expr, constants)
  if ('FuncCall' in node) {
    const call = functionCall(node.FuncCall)
    const value = call.args.length === 1 && isBuiltIn(call) ? valuesOf(call.args, constants)[0] : undefined
    if (typeof value !== 'string') return undefined
    if (call.name === 'lower') return value.toLowerCase()
    return call.name === 'upper' ? value.toUpperCase() : undefined
  }
  if ('NullTest' in node && node.NullTest.arg !== undefined) {
    const value = valueOf(node.NullTest.arg, constants)
    return value === undefined ? undefined : (value === null) === (node.NullTest.nulltesttype === 'IS_NULL')
  }
  if ('TypeCast' in node && node.TypeCast.arg !== undefined)
    return cast(valueOf(node.TypeCast.arg, constants), names(node.TypeCast.typeName?.names).at(-1) ?? '')
  return undefined
}

function valuesOf(nodes: readonly Node[], constants: Constants): Constant[] {
  return nodes.map((node) => valueOf(node, constants))
}

/** `TG_ARGV[0]`. */
function elementOf({ arg, indirection = [] }: A_Indirection, constants: Constants): Constant {
  const [index] = indirection
  if (plainName(arg) !== 'tg_argv' || indirection.length !== 1 || index === undefined) return undefined
  const at = 'A_Indices' in index && index.A_Indices.uidx ? valueOf(index.A_Indices.uidx, constants) : undefined
  if (typeof at !== 'number') return undefined
  return constants.has(`tg_argv[${at}]`) ? constants.get(`tg_argv[${at}]`) : constants.get('tg_argv')
}

function literalOf(constant: object): Constant {
  if ('isnull' in constant) return null
  if ('sval' in constant) return (constant.sval as { readonly sval?: string }).sval ?? ''
  if ('boolval' in constant) return (constant.boolval as { readonly boolval?: boolean }).boolval ?? false
  return 'ival' in constant ? ((constant.ival as { readonly ival?: number }).ival ?? 0) : undefined
}

function cast(value: Constant, type: string): Constant {
  if (value === undefined || value === null) return value
  if (type === 'text' || type === 'varchar' || type === 'name') return String(value)
  if (type !== 'bool' || typeof value !== 'string') return undefined
  if (/^(?:t|true|y|yes|on|1)$/i.test(value)) return true
  return /^(?:f|false|n|no|off|0)$/i.test(value) ? false : undefined
}

/** An argument that is not known decides nothing, unless the others do. */
function logical({ boolop, args = [] }: BoolExpr, constants: Constants): Constant {
  const values = valuesOf(args, constants)
  if (boolop === 'NOT_EXPR') return typeof values[0] === 'boolean' ? !values[0] : values[0]
  const decides = boolop === 'OR_EXPR'
  if (values.includes(decides)) return decides
  if (values.includes(undefined)) return undefined
  return values.includes(null) ? null : !decides
}

function compared({ kind, name, lexpr, rexpr }: A_Expr, constants: Constants): Constant {
  if (lexpr === undefined || rexpr === undefined) return undefined
  const left = valueOf(lexpr, constants)
  const operator = names(name).join('.')
  if (left === undefined) return undefined
  if (kind === 'AEXPR_IN' && 'List' in rexpr)
    return isAmong(left, valuesOf(rexpr.List.items ?? [], constants), operator === '<>')
  if (kind === 'AEXPR_OP_ANY' && 'A_ArrayExpr' in rexpr && operator === '=')
    return isAmong(left, valuesOf(rexpr.A_ArrayExpr.elements ?? [], constants), false)
  const right = valueOf(rexpr, constants)
  if (right === undefined) return undefined
  if (kind === 'AEXPR_DISTINCT' || kind === 'AEXPR_NOT_DISTINCT') {
    const isSame = left === null || right === null ? left === right : same(left, right)
    return isSame === undefined ? undefined : isSame === (kind === 'AEXPR_NOT_DISTINCT')
  }
  return kind === 'AEXPR_OP' ? ordered(left, right, operator) : undefined
}

/** `x IN (…)`; `undefined` if a value that is not known decides. */
function isAmong(value: Constant, others: readonly Constant[], isNegated: boolean): Constant {
  if (value === null) return null
  const answers = new Set(others.map((other) => (other === null ? null : same(value, other))))
  if (answers.has(true)) return !isNegated
  if (answers.has(undefined)) return undefined
  return answers.has(null) ? null : isNegated
}

function ordered(left: Constant, right: Constant, operator: string): Constant {
  if (left === null || right === null) return null
  if (operator === '=' || operator === '<>') {
    const isSame = same(left, right)
    return isSame === undefined ? undefined : isSame === (operator === '=')
  }
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  if (operator === '<') return left < right
  if (operator === '>') return left > right
  if (operator === '<=') return left <= right
  return operator === '>=' ? left >= right : undefined
}

/** Values of different types need a conversion that this does not know. */
function same(left: Constant, right: Constant): boolean | undefined {
  return left === undefined || right === undefined || typeof left !== typeof right ? undefined : left === right
}
