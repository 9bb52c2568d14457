import { styleText } from 'node:util'

/** A part of a row in one style. */
interface Span {
  readonly text: string
  readonly style: string
}

const columns = 124
const charWidth = 7.8
const rowHeight = 18
const margin = 16

const background = '#0d1117'
const plain = 'fill="#d0d7de"'
/** By the codes of {@link styleText} that open them. */
const styles: ReadonlyMap<string, string> = new Map([
  ['1', 'fill="#ffffff" font-weight="bold"'],
  ['2', 'fill="#8b949e"'],
  ['31', 'fill="#ff7b72"'],
  ['32', 'fill="#7ee787"'],
  ['33', 'fill="#e3b341"'],
  ['36', 'fill="#79c0ff"'],
])

/** Draws what a terminal shows: a grid of characters, independent of the font. */
export function drawTerminal(text: string): string {
  const rows = text
    .trimEnd()
    .split('\n')
    .flatMap((line) => wrap(spansOf(line)))
  const [width, height] = [Math.ceil(columns * charWidth + 2 * margin), rows.length * rowHeight + 2 * margin]
  const drawn = rows.flatMap((spans, row) => drawRow(spans, margin + (row + 0.75) * rowHeight))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13">`,
    `<rect width="100%" height="100%" rx="6" fill="${background}"/>\n${drawn.join('\n')}\n</svg>\n`,
  ].join('')
}

/** A line by its escape sequences, each of which is a colour or the end of one. */
function spansOf(line: string): Span[] {
  // oxlint-disable-next-line no-control-regex -- it is what escape sequences begin with
  const [first = '', ...others] = line.split(/\u001B\[([\d;]*)m/)
  const spans = [{ text: first, style: plain }]
  for (let at = 0; at < others.length; at += 2)
    spans.push({ text: others[at + 1] ?? '', style: styles.get(others[at] ?? '') ?? plain })
  return spans.filter(({ text }) => text !== '')
}

/** A long line continues below, indented. */
function wrap(spans: readonly Span[]): Span[][] {
  const characters = spans.flatMap(({ text, style }) => Array.from(text, (character) => ({ text: character, style })))
  const isRow = characters[0]?.text === ' '
  const indent = { text: ' '.repeat(isRow ? 13 : 2), style: plain }
  const rows = [characters.splice(0, fitting(characters, columns))]
  while (characters.length > 0)
    rows.push([indent, ...characters.splice(0, fitting(characters, columns - indent.text.length))])
  return rows.map(joined)
}

/** The number of characters for a row. A row ends with a word if one ends in its last third. */
function fitting(characters: readonly Span[], room: number): number {
  if (characters.length <= room) return room
  const space = characters.slice(0, room).findLastIndex(({ text }) => text === ' ')
  return space > (room * 2) / 3 ? space + 1 : room
}

function joined(characters: readonly Span[]): Span[] {
  const spans: Span[] = []
  for (const { text, style } of characters) {
    const last = spans.at(-1)
    if (last?.style === style) spans.splice(-1, 1, { text: last.text + text, style })
    else spans.push({ text, style })
  }
  return spans
}

function drawRow(spans: readonly Span[], y: number): string[] {
  let column = 0
  return spans.flatMap(({ text, style }) => {
    const begin = column + text.search(/\S|$/)
    column += text.length
    const shown = text.trim()
    if (shown === '') return []
    const [x, length] = [(margin + begin * charWidth).toFixed(1), (shown.length * charWidth).toFixed(1)]
    return `<text x="${x}" y="${y}" textLength="${length}" xml:space="preserve" ${style}>${escape(shown)}</text>`
  })
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** For a prompt and a command above what it printed. */
export function prompt(command: string): string {
  return `${styleText('green', '$', { validateStream: false })} ${styleText('bold', command, { validateStream: false })}\n`
}
