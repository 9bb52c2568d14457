import type { Node, SelectStmt } from '@pgsql/types'
import type { Step } from './analysis.ts'
import { functionCall, isBuiltIn, isNullConstant } from '../sql/function-call.ts'
import { isSimple, isValue, runs } from '../sql/executed.ts'

/** Statements that do not fail, whatever names and data they meet. `settle` knows when DEALLOCATE may fail. */
const infallible: ReadonlySet<string> = new Set(['ListenStmt', 'UnlistenStmt', 'DeallocateStmt', 'NotifyStmt'])

/** Statements with several effects: they may fail between two of them. */
const compound: ReadonlySet<string> = new Set([
  'CallStmt',
  'CreateTableAsStmt',
  'DeleteStmt',
  'DoStmt',
  'ExecuteStmt',
  'ExplainStmt',
  'InsertStmt',
  'MergeStmt',
  'SelectStmt',
  'UpdateStmt',
])

/** Functions of pg_catalog that do not fail for constant arguments. */
const infallibleFunction =
  /^(pgv_get(_\w+)?|pg_replication_origin_xact_setup|pg_(try_)?advisory_(xact_)?(un)?lock(_shared|_all)?|hashtext(extended)?|now|version|pg_backend_pid)$/

/**
 * Returns when a statement may fail; `undefined` if it does not. Only what the statement reads and computes counts. A
 * timeout, a cancellation or a name that already exists may end any statement.
 */
export function failureOf(statement: Node): Step['mayFail'] {
  const tag = Object.keys(statement)[0] as string
  if ('SelectStmt' in statement) return failureOfSelect(statement.SelectStmt)
  if ('ExplainStmt' in statement && !runs(statement.ExplainStmt))
    return failureOf(statement.ExplainStmt.query as Node) && 'before'
  if ('TransactionStmt' in statement)
    return infallibleControls.has(statement.TransactionStmt.kind ?? '') ? undefined : 'before'
  if (infallible.has(tag)) return undefined
  return compound.has(tag) ? 'within' : 'before'
}

/** `SELECT f(1)` fails before its effect, or not at all. */
function failureOfSelect({ targetList = [], ...others }: SelectStmt): Step['mayFail'] {
  if (!Object.keys(others).every((part) => harmlessParts.has(part))) return 'within'
  if (targetList.every(isInfallible)) return undefined
  return targetList.length === 1 && isPlainCall(targetList[0]) ? 'before' : 'within'
}

function isPlainCall(target: Node | undefined): boolean {
  const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
  return value !== undefined && 'FuncCall' in value && (value.FuncCall.args ?? []).every(isSimple)
}

const infallibleControls: ReadonlySet<string> = new Set([
  'TRANS_STMT_BEGIN',
  'TRANS_STMT_START',
  // It may fail, and then ends the transaction as well.
  'TRANS_STMT_COMMIT',
  'TRANS_STMT_ROLLBACK',
  'TRANS_STMT_SAVEPOINT',
])

/** The parts of a plain `SELECT 1`. */
const harmlessParts: ReadonlySet<string> = new Set(['limitOption', 'op'])

function isInfallible(target: Node): boolean {
  const value = 'ResTarget' in target ? target.ResTarget.val : undefined
  if (value === undefined) return false
  if (!('FuncCall' in value)) return isValue(value) || 'SQLValueFunction' in value
  const call = functionCall(value.FuncCall)
  return (
    isBuiltIn(call) &&
    infallibleFunction.test(call.name) &&
    call.args.every((arg) => isNullConstant(arg) || isInfallible({ ResTarget: { val: arg } }))
  )
}
