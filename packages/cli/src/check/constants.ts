import { basename, dirname } from 'node:path'
import { mayTouchSessions } from './prefilter.ts'
import type { SourceFile } from './code/source-file.ts'

/** A module that passes on what others export: `export * from './queries'`. */
interface Passing {
  readonly name: string
  readonly from: readonly string[]
}

/** The modules that export texts with SQL which may touch session state, so that their importers are checked too. */
export class Constants {
  readonly #modules = new Set<string>()
  readonly #passing: Passing[] = []
  #importing: RegExp | undefined

  /** Notes a module, if an export of it may be such a text, or may return one. */
  add({ syntax }: SourceFile): void {
    const { source, root, path } = syntax
    if (root.type !== 'Program' || !exporting.test(source)) return
    const isSource = root.body.some(
      (node) => declaring.has(node.type) && isText(source.slice(node.start, node.end), node.type),
    )
    if (isSource) this.#modules.add(moduleName(path))
  }

  /** Notes a file that passes on what others export. */
  addPassing(path: string, source: string): void {
    if (!source.includes('export')) return
    const pattern = exportsNames.test(source) ? passingOrImporting : passing
    const from = [...source.matchAll(pattern)].map(([, module = '']) => moduleName(module))
    if (from.length > 0) this.#passing.push({ name: moduleName(path), from })
  }

  /** Returns true for a file that imports one of the modules. Called when all files have been noted. */
  mayBeUsedIn(source: string): boolean {
    if (this.#modules.size === 0) return false
    this.#importing ??= this.#importers()
    return this.#importing.test(source)
  }

  #importers(): RegExp {
    const known = new Set(this.#modules)
    for (let size = 0; size < known.size;) {
      size = known.size
      for (const { name, from } of this.#passing) if (from.some((module) => known.has(module))) known.add(name)
    }
    const names = [...known].map((name) => name.replaceAll(/[^\w]/g, String.raw`\$&`))
    return new RegExp(`['"]\\.[^'"\\n]*\\b(?:${names.join('|')})(?:\\.\\w+)?['"]`)
  }
}

const exporting = /\bexport\b|\bexports\b/
/** `export { path }` may pass on an import. */
const exportsNames = /^export\s*\{[^}]*\}\s*;?\s*$/m
const passingOrImporting = /^(?:export|import)\s*(?:\*|[\w\s,]*\{[^}]*\})[^;'"\n]*from\s*['"](\.[^'"\n]*)['"]/gm
const passing = /^export\s*(?:\*|\{[^}]*\})[^;'"\n]*from\s*['"](\.[^'"\n]*)['"]/gm
const declaring: ReadonlySet<string> = new Set([
  'ExportNamedDeclaration',
  'ExportDefaultDeclaration',
  'VariableDeclaration',
  'FunctionDeclaration',
  'ClassDeclaration',
  'TSEnumDeclaration',
  'ExpressionStatement',
])

const sends = /\b(?:query|execute|raw|unsafe|queryRaw\w*|executeRaw\w*)\b/
const importsFile = /['"]\.[^'"\n]*['"]/

/** Returns true for a file that sends SQL and imports a file, so it may send a constant of that file. */
export function mayImport(source: string): boolean {
  return sends.test(source) && importsFile.test(source)
}

/** Longer functions and classes do something themselves. */
const longestHelper = 1_500

/** A constant; or a function, a class or an enum that only holds SQL. */
function isText(text: string, type: string): boolean {
  if (!mayTouchSessions(text)) return false
  if (type === 'ExpressionStatement' && !/^(?:module\.)?exports\b/.test(text)) return false
  const isConstant =
    /^(?:export\s+)?(?:const|default)\b|^(?:module\.)?exports\b/.test(text) &&
    !/=>|\bfunction\b|\bclass\b/.test(text.slice(0, 200))
  return isConstant || (text.length <= longestHelper && !/\bawait\b|\.(?:query|execute|raw|unsafe)\(/.test(text))
}

/** `queries` for `src/queries.ts`, and for `src/queries/index.ts`. */
function moduleName(path: string): string {
  const name = basename(path).replace(/\.\w+$/, '')
  return name === 'index' ? basename(dirname(path)) : name
}
