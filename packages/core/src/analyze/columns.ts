import type { Node } from '@pgsql/types'
import { parse } from '../sql/parser.ts'

/**
 * Returns the columns of a SELECT; none if the text is another statement.
 *
 * @throws ParseRefused, ParseTooComplex
 */
export function columnsOf(select: string): (Node | undefined)[] {
  const [statement] = parse(select)
  const targets = statement !== undefined && 'SelectStmt' in statement ? (statement.SelectStmt.targetList ?? []) : []
  return targets.map((target) => ('ResTarget' in target ? target.ResTarget.val : undefined))
}

/** Returns the name of a column or a variable that stands there without a qualifier. */
export function plainName(node: Node | undefined): string | undefined {
  const [name, ...more] = node !== undefined && 'ColumnRef' in node ? (node.ColumnRef.fields ?? []) : []
  return name !== undefined && more.length === 0 && 'String' in name ? name.String.sval : undefined
}
