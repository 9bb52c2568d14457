import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, matchesGlob } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const skipped = ['**/node_modules/**', '**/dist/**', '**/generated/**', 'packages/*/docs/**']

function filesOf(...patterns: readonly string[]): string[] {
  return globSync(patterns, { cwd: root, exclude: skipped }).map((path) => path.replaceAll('\\', '/'))
}

const pages = filesOf('*.md', 'docs/**/*.md', 'test/*.md', '{packages,examples}/*/README.md', '.github/**/*.md')

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** A page without its blocks of code. */
function proseOf(page: string): string {
  return read(page).replaceAll(/^(`{3,}|~{3,}).*?^\1/gms, '')
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>()
  const headings = [...proseOf(page).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
  return new Set(
    headings.map((anchor) => {
      const count = seen.get(anchor) ?? 0
      seen.set(anchor, count + 1)
      return count === 0 ? anchor : `${anchor}-${count}`
    }),
  )
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return true
  return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor)
}

test.each(pages)('every link of %s leads to a file and a heading that exist', (page) => {
  const links = [...proseOf(page).matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)].map(([, link = '']) => link)
  expect(links.filter((link) => isBroken(page, link))).toEqual([])
})

function cellsOf(row: string): number {
  return row.replaceAll(/\\./g, '').split('|').length
}

test.each(pages)('every table of %s shows all of its rows', (page) => {
  const lines = proseOf(page).split('\n')
  const isRow = lines.map((line) => line.trimStart().startsWith('|'))
  const broken = lines.filter((line, index) => {
    if (isRow[index] !== true) return false
    const head = isRow.lastIndexOf(false, index) + 1
    const isRule = index === head + 1 && !/^\s*\|(?: *:?-+:? *\|)+$/.test(line)
    return isRule || cellsOf(line) !== cellsOf(lines[head] ?? '') || isRow[head + 1] !== true
  })
  expect(broken).toEqual([])
})

/** Pages about this repository. In guides a file of the same kind may be the reader's own. */
const inner = filesOf(
  'docs/{architecture,CONTRIBUTING,SECURITY,field,conformance-suites}.md',
  'docs/decisions/*.md',
  'test/README.md',
  '.github/*.md',
)
const files = filesOf('*', '.ci/*', '.github/**/*', '{packages,test,docs,examples}/**/*')

/** What is written as code and looks like a path: with a known ending, or below a folder of the repository. */
function pathsOf(page: string): string[] {
  const codes = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  const isPath =
    /^[\w.*{},/-]+\.(?:ts|tsx|mts|cts|json|md|yml|yaml)$|^(?:packages|test|docs|examples|\.ci|\.github)\/[\w.*{},/-]*$/
  return codes.filter((code) => isPath.test(code))
}

/** Whether a file or a folder ends like this: `guard/judge.ts` is short for `packages/core/src/guard/judge.ts`. */
function exists(path: string): boolean {
  const wanted = path.replace(/\/$/, '')
  if (!/[*{]/.test(wanted)) return files.some((file) => file === wanted || file.endsWith(`/${wanted}`))
  return files.some((file) => matchesGlob(file, wanted) || matchesGlob(file, `**/${wanted}`))
}

test.each(inner)('every path that %s names exists', (page) => {
  expect(pathsOf(page).filter((path) => !exists(path))).toEqual([])
})

describe('docs/architecture.md and docs/CONTRIBUTING.md', () => {
  const sources = filesOf('package.json', '{packages,test}/**/*.{ts,json}').filter((path) =>
    statSync(join(root, path)).isFile(),
  )
  const words = new Set(sources.flatMap((path) => read(path).match(/[\w$]+/g) ?? []))

  /** `Gate`, `harmless`, `pool.connect()`: in camel or Pascal case. Other words may be SQL. */
  const isName = /^(?:[a-z]+[A-Z]|[A-Z][a-z]|[a-z]+[.(])\w*(?:[.#]\w+)*(?:\(…?\))?$/

  test.each(inner.filter((page) => /^(?:architecture|CONTRIBUTING)\.md$/.test(basename(page))))(
    '%s: every name in code is in a source',
    (page) => {
      const codes = [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
      const names = codes.filter((code) => isName.test(code))
      const unknown = names.filter((name) => !(name.match(/[\w$]+/g) ?? []).every((word) => words.has(word)))
      expect(unknown.filter((name) => !exists(name))).toEqual([])
    },
  )
})
