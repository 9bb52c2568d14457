import { stripVTControlCharacters } from 'node:util'
import type { Style } from './style.ts'

/** Returns the width of a text on a terminal in characters, without its colours. */
function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length
}

/**
 * Lays out rows as columns with two blanks between them. The last column is not padded, and wraps if the table is wider
 * than the terminal.
 *
 * @param columns the width of the terminal
 */
export function formatTable(rows: readonly (readonly string[])[], columns: number): string {
  const widths: number[] = []
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  return rows.map((row) => `${formatRow(row, widths, columns)}\n`).join('')
}

function formatRow(row: readonly string[], widths: readonly number[], columns: number): string {
  const last = row.length - 1
  const start = row.slice(0, last).map((cell, at) => `${cell}${' '.repeat((widths[at] ?? 0) - widthOf(cell))}  `)
  const indent = widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0)
  return `${start.join('')}${wrap(row[last] ?? '', Math.max(columns - indent, 20), indent)}`.trimEnd()
}

/** Breaks a text at blanks into lines of at most `width` characters. Lines after the first are indented. */
export function wrap(text: string, width: number, indent: number = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines.join(`\n${' '.repeat(indent)}`)
}

/** Lays out a text behind its label, wrapped beside it: `  instead  …`. */
export function labelled(label: string, text: string, { style, columns }: Layout): string {
  return `  ${style.dim(label.padEnd(7))}  ${wrap(text, Math.max(columns - 11, 20), 11)}\n`
}

/** How a report looks on a terminal. */
export interface Layout {
  readonly style: Style
  /** The width of the terminal. */
  readonly columns: number
}
