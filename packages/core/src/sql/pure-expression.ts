import type { A_Expr, Node } from '@pgsql/types'
import { constantText, functionCall, isBuiltIn, names } from './function-call.ts'

/** Functions with the same value for the same arguments, in the whole session, and never a set of values. */
const functions: ReadonlySet<string> = new Set(
  [
    'abs md5 lower upper substr substring left right length replace translate trim btrim ltrim rtrim reverse concat',
    'hashtext hashtextextended hashint2 hashint4 hashint8 hash_numeric decode encode sha256 get_byte mod div trunc floor',
    'ceil round current_database pg_backend_pid uuid_hash',
  ]
    .join(' ')
    .split(' '),
)

const operators = /^(?:\|\||[-+*/%#&|]|<<|>>)$/

/**
 * Returns the text of an expression that has one value wherever it stands: constants, parameters and the functions and
 * operators above. Two expressions with the same text have the same value.
 */
export function pureText(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if ('A_Const' in node) return JSON.stringify(constantText(node))
  if ('ParamRef' in node) return `$${node.ParamRef.number ?? 0}`
  if ('A_Expr' in node) return operationText(node.A_Expr)
  if ('CoalesceExpr' in node) return callText('coalesce', node.CoalesceExpr.args ?? [])
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast
    const { location: _, ...type } = typeName ?? {}
    return callText(JSON.stringify(type, withoutLocation), arg === undefined ? [] : [arg])
  }
  if (!('FuncCall' in node)) return undefined
  const call = functionCall(node.FuncCall)
  return isBuiltIn(call) && functions.has(call.name) ? callText(call.name, call.args) : undefined
}

function withoutLocation(key: string, value: unknown): unknown {
  return key === 'location' ? undefined : value
}

function operationText({ kind, name, lexpr, rexpr }: A_Expr): string | undefined {
  const operator = names(name)
  if (kind !== 'AEXPR_OP' || operator.length !== 1 || !operators.test(operator[0] ?? '')) return undefined
  return callText(
    operator[0] ?? '',
    [lexpr, rexpr].filter((each) => each !== undefined),
  )
}

function callText(name: string, args: readonly Node[]): string | undefined {
  const texts = args.map((each) => pureText(each))
  return texts.includes(undefined) ? undefined : `${name}(${texts.join()})`
}
