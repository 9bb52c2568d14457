import { basename, dirname } from 'node:path'
import { mayTouchSessions } from './prefilter.ts'
import type { SourceFile } from './code/source-file.ts'

/** The modules that export constants with SQL which may touch session state, so that their importers are checked too. */
export class Constants {
  readonly #modules = new Set<string>()
  #importing: RegExp | undefined

  /** Notes a module, if an exported constant of it may be such a text. */
  add({ syntax }: SourceFile): void {
    const { source, root, path } = syntax
    if (root.type !== 'Program') return
    const exports = root.body.filter(
      ({ type }) => type === 'ExportNamedDeclaration' || type === 'ExportDefaultDeclaration',
    )
    const declared = root.body.filter(({ type }) => type === 'VariableDeclaration')
    const isSource =
      exports.length > 0 && [...exports, ...declared].some((node) => isConstant(source.slice(node.start, node.end)))
    if (isSource) this.#modules.add(moduleName(path))
  }

  /** Returns true for a file that imports one of the modules. */
  mayBeUsedIn(source: string): boolean {
    if (this.#modules.size === 0) return false
    const names = [...this.#modules].map((name) => name.replaceAll(/[^\w]/g, String.raw`\$&`))
    this.#importing ??= new RegExp(`['"]\\.[^'"\\n]*\\b(?:${names.join('|')})(?:\\.\\w+)?['"]`)
    return this.#importing.test(source)
  }
}

const sends = /\b(?:query|execute|raw|unsafe|queryRaw\w*|executeRaw\w*)\b/
const importsFile = /['"]\.[^'"\n]*['"]/

/** Returns true for a file that sends SQL and imports a file, so it may send a constant of that file. */
export function mayImport(source: string): boolean {
  return sends.test(source) && importsFile.test(source)
}

/** A constant, not a function with SQL inside. */
function isConstant(text: string): boolean {
  return (
    /^(?:export\s+)?(?:const|default)\b/.test(text) &&
    !/=>|\bfunction\b|\bclass\b/.test(text.slice(0, 200)) &&
    mayTouchSessions(text)
  )
}

/** `queries` for `src/queries.ts`, and for `src/queries/index.ts`. */
function moduleName(path: string): string {
  const name = basename(path).replace(/\.\w+$/, '')
  return name === 'index' ? basename(dirname(path)) : name
}
