import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** From some 4,000 nested constructs on, the native parser exhausts its stack, which ends the process. */
const mostNested = 2_000

/** Code that nests without a bracket: conditions, `else if`, arrow functions, type arguments. */
const nesting: readonly RegExp[] = [/\?/g, /\belse\b/g, /=>/g, /</g]

/** Returns true for a text that the parser may not survive: it has more of these constructs than it may nest. */
export function mayNestTooDeeply(source: string): boolean {
  return depthOf(source) > mostNested || nesting.some((construct) => exceeds(source, construct))
}

/** The most brackets that are open at once. Those in literals count too. */
function depthOf(source: string): number {
  let depth = 0
  let most = 0
  for (const [bracket] of source.matchAll(/[([{)\]}]/g)) {
    depth += '([{'.includes(bracket) ? 1 : -1
    most = Math.max(most, depth)
  }
  return most
}

function exceeds(source: string, construct: RegExp): boolean {
  let count = 0
  for (const _ of source.matchAll(construct)) if (++count > mostNested) return true
  return false
}

const attempt = `
let source = ''
process.stdin.setEncoding('utf8').on('data', (text) => (source += text)).on('end', async () => {
  const { parseSync } = await import(process.argv[1])
  parseSync('a', source, { lang: process.argv[2] })
})`

/** Parses a text in a process of its own. Returns false if that process does not survive it. */
export function survivesParsing(source: string, lang: string): boolean {
  const parser = pathToFileURL(createRequire(import.meta.url).resolve('oxc-parser')).href
  const args = ['--input-type=module', '--eval', attempt, parser, lang]
  return spawnSync(process.execPath, args, { input: source, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
}
