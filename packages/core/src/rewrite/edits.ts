import type { Edit } from '../rules/repair.ts'

/** Returns the edits in the order of the text; `undefined` if two of them overlap. */
export function inOrder(edits: readonly Edit[]): Edit[] | undefined {
  const sorted = edits.toSorted((one, other) => one.from - other.from || one.to - other.to)
  const overlaps = sorted.some((edit, at) => at > 0 && edit.from < (sorted[at - 1] as Edit).to)
  return overlaps ? undefined : sorted
}

/** @param edits in the order of the text */
export function applyEdits(sql: string, edits: readonly Edit[]): string {
  let written = ''
  let copied = 0
  for (const { from, to, text } of edits) {
    written += sql.slice(copied, from) + text
    copied = to
  }
  return written + sql.slice(copied)
}

/**
 * Translates a position in the new text, as an error of PostgreSQL has it, to the application's text.
 *
 * @param position in characters, from 1
 */
export function originalPosition(sql: string, edits: readonly Edit[], position: number): number {
  const sent = applyEdits(sql, edits)
  let index = unitsOf(sent, position - 1)
  for (const { from, to, text } of edits) {
    if (index < from) break
    index = index < from + text.length ? from : index - text.length + (to - from)
  }
  return charactersOf(sql, index) + 1
}

/** The characters of the first UTF-16 units of a text. */
function charactersOf(text: string, units: number): number {
  let characters = 0
  for (let at = 0; at < units; at += text.codePointAt(at)! > 0xffff ? 2 : 1) characters++
  return characters
}

/** The UTF-16 units of the first characters of a text. */
function unitsOf(text: string, characters: number): number {
  let units = 0
  for (let at = 0; at < characters && units < text.length; at++) units += text.codePointAt(units)! > 0xffff ? 2 : 1
  return units
}
