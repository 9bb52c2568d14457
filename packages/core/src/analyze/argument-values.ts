import type { Node } from '@pgsql/types'
import { names } from '../sql/function-call.ts'

/** The facts that a statement shows about one argument of a call. */
export interface ArgumentValue {
  /** The name in `name => value`. */
  readonly name?: string
  /** The type in PostgreSQL's own words: `integer`. `unknown` for a text in quotes. Absent if it does not show. */
  readonly type?: string
  /** A number, `true`, `false` or `null`. */
  readonly constant?: string
  /** The number of a parameter: `$2`. */
  readonly parameter?: number
}

/** Reads one argument of a call. */
export function argumentValue(node: Node): ArgumentValue {
  if ('NamedArgExpr' in node) {
    const { name = '', arg } = node.NamedArgExpr
    return { ...(arg === undefined ? {} : argumentValue(arg)), name }
  }
  if ('ParamRef' in node) return { parameter: node.ParamRef.number ?? 0 }
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast
    const { constant, parameter } = arg === undefined ? ({} as ArgumentValue) : argumentValue(arg)
    const isArray = typeName?.arrayBounds !== undefined
    const type = typeNamed(names(typeName?.names).at(-1) ?? '')
    return {
      type: isArray ? `${type}[]` : type,
      ...(constant !== undefined && { constant }),
      ...(parameter !== undefined && { parameter }),
    }
  }
  return 'A_Const' in node ? constantValue(node.A_Const) : {}
}

function constantValue(constant: object): ArgumentValue {
  if ('boolval' in constant) {
    const { boolval = false } = constant.boolval as { readonly boolval?: boolean }
    return { type: 'boolean', constant: String(boolval) }
  }
  if ('ival' in constant)
    return { type: 'integer', constant: String((constant.ival as { readonly ival?: number }).ival ?? 0) }
  if ('fval' in constant) {
    const { fval = '' } = constant.fval as { readonly fval?: string }
    return /^-?\d+$/.test(fval) ? { type: 'bigint', constant: fval } : { type: 'numeric' }
  }
  if ('isnull' in constant) return { type: 'unknown', constant: 'null' }
  const { sval = '' } = 'sval' in constant ? (constant.sval as { readonly sval?: string }) : {}
  if (/^-?\d+$/.test(sval)) return { type: 'unknown', constant: sval }
  return /^t(?:rue)?$/i.test(sval) ? { type: 'unknown', constant: 'true' } : { type: 'unknown' }
}

/** The grammar's names of types, as `format_type()` prints them. */
const typeNames: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  bpchar: 'character',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
}

function typeNamed(name: string): string {
  return typeNames[name] ?? name
}
