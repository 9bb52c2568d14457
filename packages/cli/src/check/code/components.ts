/** A part of a file. */
interface Range {
  readonly from: number
  readonly to: number
}

/** Returns true for the path of a component that has its code in blocks: Vue, Svelte, Astro. */
export function isComponent(path: string): boolean {
  return /\.(?:vue|svelte|astro)$/.test(path)
}

/**
 * Returns the code of a component, with everything around its `<script>` blocks blank, so that lines and columns stay.
 * Any other file is code already.
 */
export function codeOf(path: string, source: string): string {
  if (!isComponent(path)) return source
  let code = ''
  let at = 0
  for (const { from, to } of blocksOf(path, source)) {
    code += blank(source.slice(at, from), code) + source.slice(from, to)
    at = to
  }
  return code + blank(source.slice(at), code)
}

/** Between two blocks stands a semicolon, because they may be on one line. */
function blank(text: string, before: string): string {
  const spaces = text.replaceAll(/[^\n]+/g, ({ length }) => ' '.repeat(length))
  return before.trim() === '' ? spaces : spaces.replace(' ', ';')
}

function blocksOf(path: string, source: string): Range[] {
  const front = path.endsWith('.astro') ? frontmatterOf(source) : undefined
  return front === undefined ? scriptsOf(source, 0) : [front, ...scriptsOf(source, front.to)]
}

/** Between two lines of `---` an Astro component has what runs on the server. */
function frontmatterOf(source: string): Range | undefined {
  const [fence] = /^\s*---/.exec(source) ?? []
  if (fence === undefined) return undefined
  const to = source.indexOf('\n---', fence.length)
  return to === -1 ? undefined : { from: fence.length, to: to + 1 }
}

/** Each step goes on behind the last one, so the work grows no faster than the text. */
function scriptsOf(source: string, start: number): Range[] {
  const found: Range[] = []
  const opening = /<!--|<script(?=[\s>])/gi
  opening.lastIndex = start
  for (let match = opening.exec(source); match !== null; match = opening.exec(source)) {
    const script = match[0] === '<!--' ? undefined : scriptAt(source, opening.lastIndex)
    if (script?.isCode === true) found.push(script)
    const end = script?.to ?? (match[0] === '<!--' ? source.indexOf('-->', opening.lastIndex) : -1)
    if (end === -1) break
    opening.lastIndex = end
  }
  return found
}

/** @param at behind the name of the tag */
function scriptAt(source: string, at: number): (Range & { readonly isCode: boolean }) | undefined {
  const from = endOfTag(source, at)
  if (from === undefined) return undefined
  const closing = /<\/script\s*>/gi
  closing.lastIndex = from
  const end = closing.exec(source)
  return end === null ? undefined : { from, to: end.index, isCode: isCode(source.slice(at, from)) }
}

/** A quoted value may have a `>`: `generic="T extends Record<string, unknown>"`. */
function endOfTag(source: string, at: number): number | undefined {
  const parts = /"[^"]*"|'[^']*'|>/g
  parts.lastIndex = at
  for (let part = parts.exec(source); part !== null; part = parts.exec(source))
    if (part[0] === '>') return parts.lastIndex
  return undefined
}

/** Data and templates are no code, nor are languages that the parser does not read. */
function isCode(attributes: string): boolean {
  const [, type = 'module'] = /\btype\s*=\s*["']?([^"'\s>]+)/i.exec(attributes) ?? []
  const [, lang = 'ts'] = /\blang\s*=\s*["']?([^"'\s>]+)/i.exec(attributes) ?? []
  return (
    /^(?:module|(?:text|application)\/(?:javascript|typescript|babel))$/i.test(type) &&
    /^(?:[jt]sx?|typescript)$/i.test(lang)
  )
}
