import { basename, dirname, resolve } from 'node:path'
import type { StoredCode } from '@poolsafe/core/internal'
import type { Aliases } from './code/aliases.ts'
import { mayTouchSessions } from './prefilter.ts'
import type { SourceFile } from './code/source-file.ts'
import { mayNameStored } from './stored-names.ts'

/** A module that passes on what others export: `export * from './queries'`. */
interface Passing {
  readonly path: string
  /** As it is written. */
  readonly from: readonly string[]
}

/** The modules that export texts with SQL which may touch session state, so that their importers are checked too. */
export class Constants {
  /** Their paths without extensions. */
  readonly #modules = new Set<string>()
  /** The last parts of these paths: a path is worked out only for an import that ends like one of them. */
  readonly #names = new Set<string>()
  readonly #passing: Passing[] = []
  readonly #aliases: Aliases

  constructor(aliases: Aliases) {
    this.#aliases = aliases
  }

  /** Notes a module, if an export of it may be such a text, or may return one. */
  add({ syntax }: SourceFile, catalog: StoredCode | undefined): void {
    const { source, root, path } = syntax
    if (root.type !== 'Program' || !exporting.test(source)) return
    const isSource = root.body.some(
      (node) => declaring.has(node.type) && isText(source.slice(node.start, node.end), node.type, catalog),
    )
    if (isSource) this.#addModule(path)
  }

  /** Notes a file that passes on what others export. Returns false for a file that does not. */
  addPassing(path: string, source: string): boolean {
    if (!exportsList(source) || !namesFile.test(source)) return false
    const pattern = exportsNames.test(source) ? passingOrImporting : passingOn
    const all = Array.from(source.matchAll(pattern), ([, module = '']) => module)
    const from = all.filter((module) => this.#isFile(path, module))
    if (from.length > 0) this.#passing.push({ path, from })
    return from.length > 0
  }

  /** Returns true for a file that sends SQL and imports a file, so it may send a constant of that file. */
  mayImport(path: string, source: string): boolean {
    if (!sends.test(source)) return false
    return importsFile.test(source) || importedIn(source).some((module) => this.#isFile(path, module))
  }

  /** Returns true for a file that imports one of the modules. Called when all files have been noted. */
  mayBeUsedIn(path: string, source: string): boolean {
    if (this.#modules.size === 0) return false
    this.#spread()
    const modules = [...Array.from(source.matchAll(relative), ([, module = '']) => module), ...importedIn(source)]
    return modules.some((module) => this.#leadsToModule(path, module))
  }

  #addModule(path: string): void {
    const module = moduleOf(path)
    this.#modules.add(module)
    this.#names.add(basename(module))
  }

  /** Returns false for an import of a package. */
  #isFile(path: string, module: string): boolean {
    return module.startsWith('.') || this.#aliases.targetsOf(path, module).length > 0
  }

  #leadsToModule(path: string, module: string): boolean {
    if (!module.startsWith('.'))
      return this.#aliases.targetsOf(path, module).some((target) => this.#modules.has(moduleOf(target)))
    const name = basename(moduleOf(module))
    const mayBe = /^\.{0,2}$/.test(name) || this.#names.has(name)
    return mayBe && this.#modules.has(moduleOf(resolve(dirname(path), module)))
  }

  /** Modules that pass on what one of the modules exports are such modules too. */
  #spread(): void {
    const passing = this.#passing.splice(0)
    for (let size = 0; size < this.#modules.size;) {
      size = this.#modules.size
      for (const { path, from } of passing)
        if (from.some((module) => this.#leadsToModule(path, module))) this.#addModule(path)
    }
  }
}

/** Returns true for a text with a line that begins `export *` or `export {`. No regular expression finds it as fast. */
function exportsList(source: string): boolean {
  for (let at = source.indexOf('export'); at !== -1; at = source.indexOf('export', at + 6)) {
    const isStart = at === 0 || isLineEnd(source.charCodeAt(at - 1))
    if (isStart && /^\s{0,9}[*{]/.test(source.slice(at + 6, at + 16))) return true
  }
  return false
}

function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d
}

const exporting = /\bexport\b|\bexports\b/
const namesFile = /\bfrom\s*['"]/
/** `export { path }` may pass on an import. */
const exportsNames = /^export\s*\{[^}]*\}\s*;?\s*$/m
const passingOrImporting = /^(?:export|import)\s*(?:\*|[\w\s,]*\{[^}]*\})[^;'"\n]*from\s*['"]([^'"\n]+)['"]/gm
const passingOn = /^export\s*(?:\*|\{[^}]*\})[^;'"\n]*from\s*['"]([^'"\n]+)['"]/gm
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

const importing = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)['"]([^'".\n][^'"\n]*)['"]/g

/** Returns the packages that a file imports. */
function importedIn(source: string): string[] {
  return Array.from(source.matchAll(importing), ([, module = '']) => module)
}

/** Longer functions and classes do something themselves. */
const longestHelper = 1_500

/** A constant; or a function, a class or an enum that only holds SQL. */
function isText(text: string, type: string, catalog: StoredCode | undefined): boolean {
  if (!mayTouchSessions(text) && !mayNameStored(text, catalog)) return false
  if (type === 'ExpressionStatement' && !/^(?:module\.)?exports\b/.test(text)) return false
  const isConstant =
    /^(?:export\s+)?(?:const|default)\b|^(?:module\.)?exports\b/.test(text) &&
    !/=>|\bfunction\b|\bclass\b/.test(text.slice(0, 200))
  return isConstant || (text.length <= longestHelper && !/\bawait\b|\.(?:query|execute|raw|unsafe)\(/.test(text))
}

const relative = /['"](\.[^'"\n]*)['"]/g

/** The path of a module without its extension: `/src/queries` for `/src/queries.ts` and `/src/queries/index.ts`. */
function moduleOf(path: string): string {
  return path.replace(/\.[mc]?[jt]sx?$/, '').replace(/[/\\]index$/, '')
}
