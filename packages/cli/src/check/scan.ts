import { dirname } from 'node:path'
import { checkCode } from './check-code.ts'
import { checkScript } from './check-script.ts'
import {
  checkConfiguration,
  mayConfigureSessions,
  type ConfigurationResult,
} from './configuration/check-configuration.ts'
import { checkSettingsFile, isSettingsFile } from './configuration/check-settings-file.ts'
import { isOfOtherPackage } from './configuration/nearest-package.ts'
import { Constants } from './constants.ts'
import { codeOf, isComponent } from './code/components.ts'
import { Imports, SourceFile } from './code/source-file.ts'
import { parseCode, SyntaxRefused } from './code/syntax.ts'
import { importsOther, isOtherPath } from './dialect.ts'
import { shownPath } from './files.ts'
import type { Problem } from './finding.ts'
import { Lines } from './lines.ts'
import { mergePoolers } from './merge-poolers.ts'
import { originOf } from './origin.ts'
import { mayTouchSessions } from './prefilter.ts'
import { readBytes, readSource } from './read-file.ts'
import type { Counts, FileResult, ScanOutput, ScanRequest } from './scan-types.ts'
import { Judge } from './sql/judge.ts'
import { mayNameStored } from './stored-names.ts'
import { suppress, type Remaining } from './suppressions.ts'

/** The contents of a file, with the findings that depend on other files. */
type Scanned = Remaining & Pick<ConfigurationResult, 'needs'>

const noNeeds: ConfigurationResult['needs'] = new Map()

const nothing: FileResult = { findings: [], skipped: [] }

/** The questions and reports of a scan while it runs. */
export interface ScanHooks {
  /** Returns true for a file that is known to be plain, so it is not read. */
  readonly isPlain?: ((path: string) => boolean) | undefined
  /** Gets the number of files that are done, before each file. */
  readonly onFile?: (count: number) => void
}

/** Scans files one after the other. */
export class Scanner {
  /** The statements of settings files about the pooler, in sentences. */
  readonly hints: string[] = []
  /** The errors of comments that allow. */
  readonly problems: Problem[] = []
  readonly counts: Counts = { files: 0, parsed: 0, scripts: 0, tags: 0, calls: 0 }
  readonly #request: ScanRequest
  readonly #judges: readonly Judge[]
  readonly #imports = new Imports()
  readonly #constants = new Constants(this.#imports.aliases)
  readonly #otherPackages = new Map<string, boolean>()
  /** Files without a dangerous word of their own, which may use a constant of another file. */
  readonly #others: string[] = []

  /** Files in which nothing is found, whatever other files have. */
  readonly plain: Set<string> = new Set()

  constructor(request: ScanRequest) {
    this.#request = request
    this.#judges = request.poolers.map((pooler) => new Judge(pooler, request.catalog))
  }

  /** Checks files. Never throws for what is in a file. */
  scanAll(files: readonly string[], { isPlain, onFile }: ScanHooks = {}): ScanOutput {
    const own = files.map((path, index) => {
      onFile?.(index)
      return isPlain?.(path) === true ? this.#countPlain(path) : this.scan(path)
    })
    const results = [...own, ...this.#scanImporters()].filter((result) => result !== nothing)
    const { hints, problems, counts } = this
    return { results, hints, problems, counts }
  }

  #countPlain(path: string): FileResult {
    this.counts.files++
    this.plain.add(path)
    return nothing
  }

  /** Reads and checks a file. Never throws for what is in the file. */
  scan(path: string): FileResult {
    const content = readBytes(path)
    if ('bytes' in content) return this.#scanBytes(path, content.bytes)
    return { findings: [], skipped: [{ path: shownPath(this.#request.cwd, path), reason: content.skipped }] }
  }

  /** Checks the files that import a dangerous constant and have no dangerous word of their own. */
  #scanImporters(): FileResult[] {
    return this.#others.flatMap((path) => {
      const content = readSource(path)
      if (!('source' in content)) return []
      const source = codeOf(path, content.source)
      return this.#constants.mayBeUsedIn(path, source) ? [this.#scanParsed(path, source)] : []
    })
  }

  /** Checks a text as if it were the content of a file. */
  scanSource(path: string, source: string): FileResult {
    return this.#scanBytes(path, Buffer.from(source))
  }

  #scanBytes(path: string, bytes: Buffer): FileResult {
    this.counts.files++
    if (isSettingsFile(path)) return this.#scanSettings(path, bytes.toString('utf8'))
    return isComponent(path)
      ? this.#scanText(path, Buffer.from(codeOf(path, bytes.toString('utf8'))))
      : this.#scanText(path, bytes)
  }

  #scanText(path: string, bytes: Buffer): FileResult {
    const { catalog, isPartial = false } = this.#request
    const isNaming = catalog !== undefined && mayNameStored(bytes.toString('utf8'), catalog)
    const isTouching = isNaming || mayTouchSessions(bytes)
    if (path.endsWith('.sql')) return isTouching ? this.#scanParsed(path, bytes.toString('utf8')) : this.#plainly(path)
    const source = bytes.toString('utf8')
    const isPassing = this.#constants.addPassing(path, source)
    if (isTouching || mayConfigureSessions(source)) return this.#scanParsed(path, source)
    if (!this.#constants.mayImport(path, source)) return isPassing ? nothing : this.#plainly(path)
    if (isPartial) return this.#scanParsed(path, source)
    this.#others.push(path)
    return nothing
  }

  #plainly(path: string): FileResult {
    this.plain.add(path)
    return nothing
  }

  #scanSettings(path: string, source: string): FileResult {
    const { findings, hints, facts, pending } = checkSettingsFile(
      shownPath(this.#request.cwd, path),
      source,
      this.#judges,
    )
    this.hints.push(...hints)
    return { findings: mergePoolers(findings), skipped: [], facts: facts ?? [], pending: pending ?? [] }
  }

  #scanParsed(path: string, source: string): FileResult {
    const shown = shownPath(this.#request.cwd, path)
    if (isOtherPath(shown)) return nothing
    this.counts.parsed++
    const remaining = path.endsWith('.sql') ? this.#scanScript(shown, source) : this.#scanCode(path, shown, source)
    if (typeof remaining === 'string') return { findings: [], skipped: [{ path: shown, reason: remaining }] }
    this.problems.push(...remaining.problems)
    const { needs } = remaining
    const pending = remaining.findings.flatMap((finding) => {
      const needed = needs.get(finding)
      return needed === undefined ? [] : [{ needs: needed, finding }]
    })
    return { findings: mergePoolers(remaining.findings.filter((finding) => !needs.has(finding))), skipped: [], pending }
  }

  #scanScript(path: string, source: string): Scanned {
    this.counts.scripts++
    const script = { path, source, origin: originOf(path, source, this.#request.migrations) }
    return { ...checkScript(script, this.#judges), needs: noNeeds }
  }

  /** A file that names PostgreSQL may speak to it by other means than a driver. */
  #isOfOtherPackage(path: string, source: string): boolean {
    if (/postgres|\bpg\b/i.test(source)) return false
    const folder = dirname(path)
    const known = this.#otherPackages.get(folder) ?? isOfOtherPackage(folder)
    this.#otherPackages.set(folder, known)
    return known
  }

  /** @returns why the file cannot be checked */
  #scanCode(path: string, shown: string, source: string): Scanned | string {
    try {
      const { tags, catalog } = this.#request
      const file = new SourceFile(parseCode(path, source), tags, this.#imports, (text) => mayNameStored(text, catalog))
      if (importsOther(file.names.modules) || this.#isOfOtherPackage(path, source))
        return { findings: [], problems: [], needs: noNeeds }
      this.#constants.add(file, this.#request.catalog)
      const origin = originOf(shown, source, this.#request.migrations)
      const code = { path: shown, file, origin, lines: new Lines(source) }
      const { findings, texts, suppressions } = checkCode(code, this.#judges)
      this.counts.tags += texts.tag
      this.counts.calls += texts.call
      const configuration = checkConfiguration(code, this.#judges)
      const remaining = suppress([...findings, ...configuration.findings], suppressions, code)
      return { ...remaining, needs: configuration.needs }
    } catch (error) {
      if (error instanceof SyntaxRefused) return `it does not parse: ${error.message}`
      if (error instanceof RangeError) return 'it is nested too deeply'
      return `poolsafe failed on it, which is a bug of poolsafe: ${String(error)}`
    }
  }
}
