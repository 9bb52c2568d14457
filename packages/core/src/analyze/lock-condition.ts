import type { Node } from '@pgsql/types'
import { functionCall, isBooleanConstant, isBuiltIn, names } from '../sql/function-call.ts'
import { unlessRefused } from '../sql/parser.ts'
import { statementsOf, type StatementText } from '../sql/statement-text.ts'
import { plainName } from './columns.ts'

/** A condition that a lock was taken. */
export interface LockCondition {
  /** The condition is true if the lock was not taken. */
  readonly isNegated: boolean
  /** The variable that holds the answer … */
  readonly variable?: string
  /** … or where the call stands in the text of the condition. */
  readonly call?: { readonly from: number; readonly to: number }
}

/** Texts in which a try-lock may be. */
export const tryLock: RegExp = /pg_try_advisory_lock/i

export function isTryLock(value: Node | undefined): boolean {
  const call = value !== undefined && 'FuncCall' in value ? functionCall(value.FuncCall) : undefined
  return call !== undefined && isBuiltIn(call) && /^pg_try_advisory_lock(_shared)?$/.test(call.name)
}

/** `pg_try_advisory_lock(1)`, `NOT got`, `got = false`, `got IS TRUE`, `(SELECT pg_try_advisory_lock(1))`, `b AND got`. */
export function lockConditionIn(query: string): LockCondition | undefined {
  const [text] = unlessRefused(() => statementsOf(`SELECT ${query}`)) ?? []
  const value = valueOf(text?.node)
  return text === undefined || value === undefined ? undefined : conditionOf(value, text)
}

function valueOf(statement: Node | undefined): Node | undefined {
  if (statement === undefined || !('SelectStmt' in statement)) return undefined
  const { targetList: [target] = [], fromClause, whereClause } = statement.SelectStmt
  const isPlain = fromClause === undefined && whereClause === undefined
  return isPlain && target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
}

function conditionOf(value: Node, text: StatementText): LockCondition | undefined {
  if (isTryLock(value)) return callIn(value, text)
  const variable = plainName(value)
  if (variable !== undefined) return { isNegated: false, variable }
  const [inner, isNegated] = askedBy(value)
  const condition = inner === undefined ? undefined : conditionOf(inner, text)
  return condition === undefined ? undefined : { ...condition, isNegated: condition.isNegated !== isNegated }
}

/** Returns the expression that a condition asks for, and whether it asks for the opposite. */
function askedBy(value: Node): readonly [Node | undefined, boolean] {
  if ('BoolExpr' in value) {
    const { boolop, args = [] } = value.BoolExpr
    // The last one of AND is asked only if all others are true.
    return boolop === 'NOT_EXPR' ? [args[0], true] : [boolop === 'AND_EXPR' ? args.at(-1) : undefined, false]
  }
  if ('BooleanTest' in value) {
    const { booltesttype, arg } = value.BooleanTest
    return [arg, booltesttype === 'IS_FALSE' || booltesttype === 'IS_NOT_TRUE']
  }
  if ('SubLink' in value && value.SubLink.subLinkType === 'EXPR_SUBLINK')
    return [valueOf(value.SubLink.subselect), false]
  if (!('A_Expr' in value) || names(value.A_Expr.name).join('.') !== '=') return [undefined, false]
  const { lexpr, rexpr } = value.A_Expr
  if (isBooleanConstant(rexpr, false)) return [lexpr, true]
  return [isBooleanConstant(rexpr, true) ? lexpr : undefined, false]
}

function callIn(value: Node, text: StatementText): LockCondition | undefined {
  const start = text.indexAt('FuncCall' in value ? value.FuncCall.location : undefined)
  const open = text.tokens.findIndex(({ text: token }, at) => at > start && token === '(')
  const [first, last] = [text.tokens[start], text.tokens[text.closing(open)]]
  const before = 'SELECT '.length
  return first && last && { isNegated: false, call: { from: first.from - before, to: last.to - before } }
}
