import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { observe } from '../cache/observed.ts'
import { exportsOf, type Exports } from './exports.ts'
import { Names, type Imported } from './names.ts'
import { parseCode, type Node, type Syntax } from './syntax.ts'

const extensions = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.jsx', '/index.ts', '/index.js']
/** How many modules pass a constant on. */
const mostModules = 5
/** Constants of SQL are not in larger files. */
const mostBytes = 200_000

/** What a module exports, with what is left of the path that leads to it. */
export interface Exported {
  readonly node: Node
  readonly file: SourceFile
  readonly rest: readonly string[]
}

/** A parsed file with its names, and a way to the files that it imports. */
export class SourceFile {
  readonly syntax: Syntax
  readonly names: Names
  /** Names of tags that make SQL, from the configuration. */
  readonly tags: ReadonlySet<string>
  /** Templates that are part of a larger text. They are judged there. */
  readonly used: Set<Node> = new Set()
  readonly #files: Map<string, SourceFile | undefined>
  #exports: Exports | undefined

  /** @param files the files that were imported so far, by path */
  constructor(syntax: Syntax, tags: ReadonlySet<string>, files: Map<string, SourceFile | undefined> = new Map()) {
    this.syntax = syntax
    this.names = new Names(syntax)
    this.tags = tags
    this.#files = files
  }

  /**
   * Returns what a module exports at the start of a path (`['queries', 'lock']`), followed through the modules that only
   * pass it on, with the rest of the path.
   */
  exported(path: readonly string[], steps: number = 0): Exported | undefined {
    const [name, ...rest] = path
    if (steps > mostModules || name === undefined) return undefined
    this.#exports ??= exportsOf(this.syntax)
    const { byName, stars } = this.#exports
    const found = byName.get(name)
    if (found?.value !== undefined) return { node: found.value, file: this, rest }
    if (found?.from !== undefined) return this.#through(found.from, rest, steps)
    const own = this.#own(found?.local ?? name, rest, steps)
    if (own !== undefined) return own
    const whole = byName.get('*')
    if (whole?.value !== undefined) return { node: whole.value, file: this, rest: name === 'default' ? rest : path }
    for (const module of stars) {
      const passed = this.importFile(module)?.exported(path, steps + 1)
      if (passed !== undefined) return passed
    }
    return undefined
  }

  /** A declaration of this file, or an import that it exports again. */
  #own(local: string, rest: readonly string[], steps: number): Exported | undefined {
    const node = this.names.exported(local)
    if (node !== undefined) return { node, file: this, rest }
    const imported = this.names.resolve(local, this.syntax.root)?.imported
    return imported === undefined ? undefined : this.#through(imported, rest, steps)
  }

  #through({ module, name }: Imported, rest: readonly string[], steps: number): Exported | undefined {
    return this.importFile(module)?.exported(name === '*' ? rest : [name, ...rest], steps + 1)
  }

  /** Returns the file of a relative import; `undefined` for a package, and for a file that cannot be read. */
  importFile(module: string): SourceFile | undefined {
    if (!module.startsWith('.')) return undefined
    const base = join(dirname(this.syntax.path), module)
    const candidates = [base.replace(/\.([mc]?)jsx?$/, '.$1ts'), ...extensions.map((extension) => base + extension)]
    const path = candidates.find(isSmallFile)
    return path === undefined ? undefined : this.#load(path)
  }

  #load(path: string): SourceFile | undefined {
    if (this.#files.has(path)) return this.#files.get(path)
    // Files that import each other end here.
    this.#files.set(path, undefined)
    const file = tryParse(path, this.tags, this.#files)
    this.#files.set(path, file)
    return file
  }
}

function tryParse(
  path: string,
  tags: ReadonlySet<string>,
  files: Map<string, SourceFile | undefined>,
): SourceFile | undefined {
  if (!/\.[mc]?[jt]sx?$/.test(path)) return undefined
  try {
    return new SourceFile(parseCode(path, readFileSync(path, 'utf8')), tags, files)
  } catch {
    // The file has a report of its own if it is checked.
    return undefined
  }
}

function isSmallFile(path: string): boolean {
  observe(path)
  if (!existsSync(path)) return false
  const { size } = statSync(path)
  return size <= mostBytes && statSync(path).isFile()
}
