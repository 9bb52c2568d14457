import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Names } from './names.ts'
import { parseCode, type Node, type Syntax } from './syntax.ts'

const extensions = ['', '.ts', '.tsx', '.mts', '.cts', '.js', '.mjs', '.cjs', '.jsx', '/index.ts', '/index.js']
/** Constants of SQL are not in larger files. */
const mostBytes = 200_000

/** A parsed file with its names, and a way to the files that it imports. */
export class SourceFile {
  readonly syntax: Syntax
  readonly names: Names
  /** Names of tags that make SQL, from the configuration. */
  readonly tags: ReadonlySet<string>
  /** Templates that are part of a larger text. They are judged there. */
  readonly used: Set<Node> = new Set()
  readonly #files: Map<string, SourceFile | undefined>

  /** @param files the files that were imported so far, by path */
  constructor(syntax: Syntax, tags: ReadonlySet<string>, files: Map<string, SourceFile | undefined> = new Map()) {
    this.syntax = syntax
    this.names = new Names(syntax)
    this.tags = tags
    this.#files = files
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
  if (!existsSync(path)) return false
  const { size } = statSync(path)
  return size <= mostBytes && statSync(path).isFile()
}
