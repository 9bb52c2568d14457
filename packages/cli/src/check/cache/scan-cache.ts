import { hash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { version } from '../../version.ts'
import type { ScanOutput, ScanRequest } from '../scan-types.ts'
import { hasSameContent, isOlder, stampOf, type FileStamp } from './file-stamp.ts'

/** The part of one scan that the cache keeps. Plain data. */
interface Stored {
  /** Everything that the result depends on besides files. */
  readonly key: string
  /** When the stamps were taken, in milliseconds. */
  readonly takenAt: number
  readonly files: Readonly<Record<string, FileStamp | null>>
  /** The files that were checked, in order. */
  readonly list: string
  /** Files in which nothing is found, whatever other files have. */
  readonly plain: readonly string[]
  readonly output: ScanOutput
}

/** The facts about a scan besides its output. */
export interface ScanTrace {
  readonly plain: ReadonlySet<string>
  readonly observed: ReadonlySet<string>
}

/**
 * The result of the last check, in a file. If no file has changed, nor any other file that the result depends on, it is
 * the result of this check too. Otherwise files that have not changed and have no SQL are not read.
 */
export class ScanCache {
  readonly #path: string
  readonly #key: string
  readonly #stored: Stored | undefined
  readonly #takenAt = Date.now()
  readonly #stamps = new Map<string, FileStamp | null>()
  readonly #plain: ReadonlySet<string>
  #hasSameSettings: boolean | undefined

  /** @param folder where the cache is; a file in it that is broken, or of another version, is ignored */
  constructor(folder: string, request: ScanRequest) {
    this.#path = join(folder, 'check.json')
    this.#key = keyOf(request)
    this.#stored = readStored(this.#path, this.#key)
    this.#plain = new Set(this.#stored?.plain)
  }

  /** Returns the output of the last scan if nothing has changed. */
  find(files: readonly string[]): ScanOutput | undefined {
    for (const path of files) this.#stamp(path)
    const { list, output, files: known = {} } = this.#stored ?? {}
    if (list !== listOf(files)) return undefined
    return Object.keys(known).every((path) => this.#isSame(path)) ? output : undefined
  }

  /** Returns true for a file that needs not be read: it had nothing, and has not changed. */
  isPlain(path: string): boolean {
    return this.#plain.has(path) && this.#isSame(path) && this.#areSettingsSame()
  }

  /** A file may import another one by an alias that a configuration of TypeScript or a package has now. */
  #areSettingsSame(): boolean {
    const { files = {} } = this.#stored ?? {}
    this.#hasSameSettings ??= Object.keys(files)
      .filter((path) => path.endsWith('.json'))
      .map((path) => this.#isSame(path))
      .every(Boolean)
    return this.#hasSameSettings
  }

  /**
   * Keeps the output of a scan for the next one.
   *
   * @throws Error if the folder or the file cannot be written
   */
  save(files: readonly string[], output: ScanOutput, { plain, observed }: ScanTrace): void {
    const checked = new Set(files)
    for (const path of observed) {
      const stamp = this.#stamp(path)
      // It may have changed during the scan, so the result may belong to either content.
      if (!checked.has(path) && stamp !== null && !isOlder(stamp, this.#takenAt)) return
    }
    const stored: Stored = {
      key: this.#key,
      takenAt: this.#takenAt,
      files: Object.fromEntries(this.#stamps),
      list: listOf(files),
      plain: [...plain],
      output,
    }
    mkdirSync(dirname(this.#path), { recursive: true })
    const text = JSON.stringify(stored)
    const temporary = `${this.#path}.${process.pid}`
    // Statements have literals.
    writeFileSync(temporary, `${digest(text)}\n${text}`, { mode: 0o600 })
    renameSync(temporary, this.#path)
  }

  #stamp(path: string): FileStamp | null {
    const known = this.#stamps.get(path)
    if (known !== undefined) return known
    const stamp = stampOf(path, this.#stored?.files[path], this.#stored?.takenAt ?? 0)
    this.#stamps.set(path, stamp)
    return stamp
  }

  #isSame(path: string): boolean {
    return hasSameContent(this.#stamp(path), this.#stored?.files[path])
  }
}

/**
 * Returns the usual folder of the cache: below the nearest `node_modules` upwards, as linters do. Without one it is
 * `.poolsafe-cache` in the working folder.
 */
export function usualCacheFolder(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const modules = join(folder, 'node_modules')
    if (existsSync(modules)) return join(modules, '.cache', 'poolsafe')
    if (folder === dirname(folder)) return join(cwd, '.poolsafe-cache')
  }
}

function readStored(path: string, key: string): Stored | undefined {
  try {
    const content = readFileSync(path, 'utf8')
    const end = content.indexOf('\n')
    const text = content.slice(end + 1)
    if (content.slice(0, end) !== digest(text)) return undefined
    const stored = JSON.parse(text) as Stored
    return stored.key === key ? stored : undefined
  } catch {
    // There is none, or it is broken. This check writes a new one.
    return undefined
  }
}

function keyOf({ cwd, poolers, tags, migrations, catalog }: ScanRequest): string {
  const plain = (_: string, value: unknown): unknown => (value instanceof Set ? [...(value as Set<unknown>)] : value)
  return digest(
    JSON.stringify([version(), process.version, cwd, poolers, tags, migrations, catalog?.description], plain),
  )
}

function listOf(files: readonly string[]): string {
  return digest(files.join('\0'))
}

function digest(text: string): string {
  return hash('sha1', text, 'base64')
}
