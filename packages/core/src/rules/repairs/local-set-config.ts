import type { A_Const, FuncCall, Node } from '@pgsql/types'
import {
  functionCall,
  isBooleanConstant,
  isBuiltIn,
  isNullConstant,
  settingName,
  stringConstant,
} from '../../sql/function-call.ts'
import { seed, seedStays } from './local-setting.ts'
import { replace, type Repaired, type StatementText } from '../repair.ts'

/** `set_config(…, false)` → `set_config(…, true)`. */
export function setConfigLocally(node: FuncCall, text: StatementText): Repaired {
  const call = functionCall(node)
  if (call.name !== 'set_config' || !isBuiltIn(call)) return undefined
  const isLocal = call.argument(2, 'is_local')
  if (settingName(stringConstant(call.argument(0, 'setting_name')) ?? '') === seed) return seedStays
  if (isBooleanConstant(isLocal, true)) return undefined
  if (!isBooleanConstant(isLocal, false) && !isNullConstant(isLocal))
    return 'is_local is a parameter or an expression, so the text does not show whether it is false'
  const constant = constantIn(isLocal)
  const token = text.tokenAt(constant?.location)
  if (constant === undefined || token === undefined) return 'poolsafe does not find the argument is_local in the text'
  const isText = 'sval' in constant
  const edit = replace(token, isText ? "'t'" : 'true')
  const value = isText ? { sval: { sval: 't' } } : { boolval: { boolval: true }, isnull: undefined }
  return { how: 'set_config(…, false) → set_config(…, true)', edits: [edit], tree: [{ node: constant, fields: value }] }
}

function constantIn(node: Node | undefined): A_Const | undefined {
  if (node !== undefined && 'TypeCast' in node) return constantIn(node.TypeCast.arg)
  return node !== undefined && 'A_Const' in node ? node.A_Const : undefined
}
