import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { observe } from '../cache/observed.ts'
import { Aliases } from './aliases.ts'
import { exportsOf, type Exports } from './exports.ts'
import { Names, type Imported } from './names.ts'
import { parseCode, type Node, type Syntax } from './syntax.ts'

const extensions = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.jsx', '/index.ts', '/index.js']
/** How many modules pass a constant on. */
const mostModules = 5
/** Constants of SQL are not in larger files. */
const mostBytes = 200_000

/** The export of a module, with the rest of the path that leads to it. */
export interface Exported {
  readonly node: Node
  readonly file: SourceFile
  readonly rest: readonly string[]
}

/** The state that the files of one scan share to find each other. */
export class Imports {
  /** The files that were imported so far, by path. */
  readonly files: Map<string, SourceFile | undefined> = new Map()
  readonly aliases: Aliases = new Aliases()
}

/** A parsed file with its names, and a way to the files that it imports. */
export class SourceFile {
  readonly syntax: Syntax
  readonly names: Names
  /** Names of tags that make SQL, from the configuration. */
  readonly tags: ReadonlySet<string>
  /** Templates that are part of a larger text. They are judged there. */
  readonly used: Set<Node> = new Set()
  readonly #imports: Imports
  #exports: Exports | undefined

  /** Returns true for a text that may name code of the database. */
  readonly mayNameStored: (text: string) => boolean

  constructor(
    syntax: Syntax,
    tags: ReadonlySet<string>,
    imports: Imports = new Imports(),
    mayNameStored: (text: string) => boolean = () => false,
  ) {
    this.mayNameStored = mayNameStored
    this.syntax = syntax
    this.names = new Names(syntax)
    this.tags = tags
    this.#imports = imports
  }

  /**
   * Returns what a module exports at the start of a path (`['queries', 'lock']`), followed through the modules that
   * only pass it on, with the rest of the path.
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

  /** Returns the file of an import; `undefined` for a package, and for a file that cannot be read. */
  importFile(module: string): SourceFile | undefined {
    const { path } = this.syntax
    const bases = module.startsWith('.') ? [join(dirname(path), module)] : this.#imports.aliases.targetsOf(path, module)
    const found = bases.flatMap(candidatesFor).find(isSmallFile)
    return found === undefined ? undefined : this.#load(found)
  }

  #load(path: string): SourceFile | undefined {
    const { files } = this.#imports
    if (files.has(path)) return files.get(path)
    // Files that import each other end here.
    files.set(path, undefined)
    const file = tryParse(path, this.tags, this.#imports)
    files.set(path, file)
    return file
  }
}

/** A source names the file that is built from it: `./queries.js` is `queries.ts`. */
function candidatesFor(base: string): string[] {
  return [base.replace(/\.([mc]?)jsx?$/, '.$1ts'), ...extensions.map((extension) => base + extension)]
}

function tryParse(path: string, tags: ReadonlySet<string>, imports: Imports): SourceFile | undefined {
  if (!/\.[mc]?[jt]sx?$/.test(path)) return undefined
  try {
    return new SourceFile(parseCode(path, readFileSync(path, 'utf8')), tags, imports)
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
