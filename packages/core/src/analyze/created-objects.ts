import type { Node, RangeVar } from '@pgsql/types'
import type { DetectedEffect } from './analysis.ts'

/** CREATE of an object whose schema comes from the search path, where that may be the one of temporary objects. */
export const perhapsTemporary: DetectedEffect = {
  rule: 'statement/undecided',
  does: 'unknown',
  state: 'temp-object',
  what: 'CREATE with a search_path in which only pg_temp may exist',
  when: 'transaction',
}

/** Returns true if a statement creates an object whose name has no schema. A DO block may. */
export function createsObject(statement: Node): boolean {
  if ('CreateTableAsStmt' in statement) return isUnqualified(statement.CreateTableAsStmt.into?.rel)
  if ('SelectStmt' in statement) return isUnqualified(statement.SelectStmt.intoClause?.rel)
  if ('CreateStmt' in statement) return isUnqualified(statement.CreateStmt.relation)
  if ('ViewStmt' in statement) return isUnqualified(statement.ViewStmt.view)
  if ('CreateSeqStmt' in statement) return isUnqualified(statement.CreateSeqStmt.sequence)
  if ('CompositeTypeStmt' in statement) return isUnqualified(statement.CompositeTypeStmt.typevar)
  return nameOf(statement)?.length === 1
}

function nameOf(statement: Node): readonly Node[] | undefined {
  if ('CreateFunctionStmt' in statement) return statement.CreateFunctionStmt.funcname
  if ('CreateEnumStmt' in statement) return statement.CreateEnumStmt.typeName
  if ('CreateRangeStmt' in statement) return statement.CreateRangeStmt.typeName
  if ('CreateDomainStmt' in statement) return statement.CreateDomainStmt.domainname
  return 'DefineStmt' in statement ? statement.DefineStmt.defnames : undefined
}

function isUnqualified(relation: RangeVar | undefined): boolean {
  return relation !== undefined && relation.schemaname === undefined && relation.relpersistence !== 't'
}
