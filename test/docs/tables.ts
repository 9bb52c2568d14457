type Row = readonly string[]

/** A table of Markdown. A `|` inside a cell is escaped. */
export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.map(escaped).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/**
 * Replaces the table of a page that has this head.
 *
 * @throws Error if the page has no such table
 */
export function withTable(page: string, head: Row, rows: readonly Row[]): string {
  const lines = page.split('\n')
  const from = lines.findIndex((line) => cellsOf(line).join('|') === head.join('|'))
  if (from < 0) throw new Error(`the page has no table with the head ${head.join(' | ')}`)
  return [...lines.slice(0, from), aligned(head, rows), ...lines.slice(lines.indexOf('', from))].join('\n')
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

/** With columns of one width, as oxfmt writes tables. */
function aligned(head: Row, rows: readonly Row[]): string {
  const all = [head, ...rows].map((row) => row.map(escaped))
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: Row): string => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [first = [], ...rest] = all
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n')
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|')
}
