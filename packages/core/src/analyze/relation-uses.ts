import type { CopyStmt, InsertStmt, MergeStmt, Node, UpdateStmt } from '@pgsql/types'

/** The way in which a statement uses a relation. */
export type RelationUse = 'select' | 'insert' | 'update' | 'delete' | 'truncate' | 'refresh'

/** The columns that a statement gives a value. */
export interface GivenColumns {
  /** The columns that INSERT or UPDATE names. Absent if it names none. */
  readonly columns?: readonly string[]
  /** Those of the columns that it sets to their default by the word DEFAULT, in some row at least. */
  readonly defaults?: readonly string[]
  /** For INSERT without names: the positions, from 0, that get a value in every row. Absent if it does not show. */
  readonly positions?: readonly number[]
  /** Every column gets a value. */
  readonly isComplete?: true
}

/** One use of the target of a statement. */
export interface Use extends GivenColumns {
  readonly use: RelationUse
}

export function usesOfInsert({ cols, selectStmt, onConflictClause }: InsertStmt): Use[] {
  const rows = selectStmt === undefined ? [[]] : rowsOf(selectStmt)
  const insert: Use = { use: 'insert', ...(cols === undefined ? byPosition(rows) : byName(namesOf(cols), rows ?? [])) }
  const { action, targetList = [] } = onConflictClause ?? {}
  return action === 'ONCONFLICT_UPDATE' ? [insert, updateOf(targetList)] : [insert]
}

export function usesOfUpdate({ targetList = [] }: UpdateStmt): Use[] {
  return [updateOf(targetList)]
}

export function usesOfMerge({ mergeWhenClauses = [] }: MergeStmt): Use[] {
  return mergeWhenClauses.flatMap((each): Use[] => {
    if (!('MergeWhenClause' in each)) return []
    const { commandType, targetList, values } = each.MergeWhenClause
    if (commandType === 'CMD_UPDATE') return [updateOf(targetList ?? [])]
    if (commandType === 'CMD_DELETE') return [{ use: 'delete' }]
    if (commandType !== 'CMD_INSERT') return []
    const rows = [values ?? []]
    return [{ use: 'insert', ...(targetList === undefined ? byPosition(rows) : byName(namesOf(targetList), rows)) }]
  })
}

export function usesOfCopy({ is_from: isFrom, attlist }: CopyStmt): Use[] {
  if (isFrom !== true) return [{ use: 'select' }]
  // Without a list, each line has a value for every column.
  return [attlist === undefined ? { use: 'insert', isComplete: true } : { use: 'insert', columns: textsOf(attlist) }]
}

/** The rows behind INSERT, each as its expressions; `undefined` if their number does not show, as of `SELECT *`. */
function rowsOf(select: Node): readonly (readonly Node[])[] | undefined {
  if (!('SelectStmt' in select)) return undefined
  let { valuesLists, targetList, larg } = select.SelectStmt
  while (larg !== undefined) ({ valuesLists, targetList, larg } = larg)
  if (valuesLists !== undefined) return valuesLists.map((row) => ('List' in row ? (row.List.items ?? []) : []))
  const values = (targetList ?? []).map((target) => ('ResTarget' in target ? target.ResTarget.val : undefined))
  if (values.some((value) => value === undefined || isStar(value))) return undefined
  return [values as Node[]]
}

function isStar(value: Node): boolean {
  const fields =
    'ColumnRef' in value ? value.ColumnRef.fields : 'A_Indirection' in value ? value.A_Indirection.indirection : []
  return fields?.some((field) => 'A_Star' in field) === true
}

function byName(columns: readonly string[], rows: readonly (readonly Node[])[]): GivenColumns {
  const defaults = columns.filter((_, index) => rows.some((row) => isDefault(row[index])))
  return { columns, ...(defaults.length > 0 && { defaults }) }
}

function byPosition(rows: readonly (readonly Node[])[] | undefined): GivenColumns {
  const [first] = rows ?? []
  if (rows === undefined || first === undefined) return {}
  const positions = first.flatMap((_, index) => (rows.some((row) => isDefault(row[index])) ? [] : [index]))
  return { positions }
}

function updateOf(targets: readonly Node[]): Use {
  const defaults = targets.flatMap((target) =>
    'ResTarget' in target && isDefault(assigned(target.ResTarget.val)) ? [target.ResTarget.name ?? ''] : [],
  )
  return { use: 'update', columns: namesOf(targets), ...(defaults.length > 0 && { defaults }) }
}

/** `SET (a, b) = (1, DEFAULT)` has the whole row at each column. */
function assigned(value: Node | undefined): Node | undefined {
  if (value === undefined || !('MultiAssignRef' in value)) return value
  const { source, colno = 1 } = value.MultiAssignRef
  return source !== undefined && 'RowExpr' in source ? source.RowExpr.args?.[colno - 1] : undefined
}

function isDefault(value: Node | undefined): boolean {
  return value !== undefined && 'SetToDefault' in value
}

function namesOf(targets: readonly Node[]): string[] {
  return targets.flatMap((target) => ('ResTarget' in target ? [target.ResTarget.name ?? ''] : []))
}

function textsOf(list: readonly Node[]): string[] {
  return list.flatMap((each) => ('String' in each ? [each.String.sval ?? ''] : []))
}
