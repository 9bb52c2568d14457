import { createGuard, type Guard, type PoolerProfile } from '@poolsafe/core'
import type { StoredCode } from '@poolsafe/core/internal'
import { findTexts } from './code/find-texts.ts'
import { textsAfterBegin } from './code/open-transactions.ts'
import { SourceFile } from './code/source-file.ts'
import { parseCode } from './code/syntax.ts'
import { isSentByRunner, mayRunOutside } from './migration-transaction.ts'
import { originOf } from './origin.ts'
import { fillHoles } from './sql/fill-holes.ts'
import { statementsIn } from './sql/statements.ts'

/** A change of a file: this part of it becomes that text. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** A file to repair. */
export interface FixRequest {
  /** Absolute. */
  readonly path: string
  /** For the folders of migrations. */
  readonly shown: string
  readonly source: string
  readonly tags: ReadonlySet<string>
  readonly migrations: readonly string[]
}

/** Statements whose repair would need another one elsewhere. */
const paired = /advisory_unlock/i

/** Finds the exact repairs of files: what the guard would send in mode `repair`, where a transaction is certainly open. */
export class Fixer {
  readonly #guard: Guard

  /** @param catalog the code in the database, which no change of a text can repair */
  constructor(pooler: PoolerProfile, catalog?: StoredCode) {
    const known = catalog === undefined ? {} : { catalog: catalog.description }
    this.#guard = createGuard({ pooler, mode: 'repair', observe: false, cacheBytes: 0, ...known })
  }

  /** Returns the edits of a file, in its order. A change that reaches into a hole is left out. */
  editsOf(request: FixRequest): Edit[] {
    const { path, source } = request
    if (paired.test(source)) return []
    return path.endsWith('.sql') ? this.#ofScript(request) : this.#ofCode(request)
  }

  #ofScript({ shown, source, migrations }: FixRequest): Edit[] {
    if (originOf(shown, source, migrations) !== 'migration' || mayRunOutside(source)) return []
    return statementsIn(source).flatMap(({ text, from }) =>
      this.#changesOf(text).map((edit) => ({ from: from + edit.from, to: from + edit.to, text: edit.text })),
    )
  }

  #ofCode({ path, shown, source, tags, migrations }: FixRequest): Edit[] {
    const file = new SourceFile(parseCode(path, source), tags)
    const isMigration = originOf(shown, source, migrations) === 'migration' && !mayRunOutside(source)
    const texts = findTexts(file)
    const open = textsAfterBegin(texts, file)
    return texts.flatMap((text) => {
      const [pieces, ...others] = text.variants
      const isCertain =
        text.isSent && (text.isInTransaction || open.has(text) || (isMigration && isSentByRunner(text, file)))
      if (pieces === undefined || others.length > 0 || !isCertain) return []
      const { sql, shown: asWritten, rangeOf } = fillHoles(pieces)
      // A value that only fills in for a placeholder must not be written.
      if (sql !== asWritten) return []
      return this.#changesOf(sql).flatMap(({ from, to, text: changed }) => {
        const range = rangeOf(from, to)
        return range === undefined || needsEscape.test(changed) ? [] : [{ ...range, text: changed }]
      })
    })
  }

  /** The smallest change that makes a text what would be sent. */
  #changesOf(sql: string): Edit[] {
    const { repaired } = this.#guard.inspect(sql, { inTransaction: true })
    if (repaired === undefined || repaired.sql === sql) return []
    return [smallestEdit(sql, repaired.sql)]
  }
}

/** Characters that a literal of JavaScript may not have as they are. */
const needsEscape = /['"`\\\n]|\$\{/

function smallestEdit(one: string, other: string): Edit {
  let start = 0
  while (start < one.length && one[start] === other[start]) start++
  let end = 0
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++
  return { from: start, to: one.length - end, text: other.slice(start, other.length - end) }
}

/** Applies edits that do not overlap. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  return edits
    .toSorted((one, other) => other.from - one.from)
    .reduce((text, { from, to, text: changed }) => text.slice(0, from) + changed + text.slice(to), source)
}

/** Shows edits as a diff: each changed line before and after. */
export function diffOf(path: string, source: string, fixed: string): string {
  const [before, after] = [source.split('\n'), fixed.split('\n')]
  // An edit stays within its lines, so both texts have the same number of them.
  const changed = before.flatMap((line, index) =>
    line === after[index] ? [] : [`@@ ${index + 1} @@\n-${line}\n+${after[index] ?? ''}\n`],
  )
  return `--- ${path}\n+++ ${path}\n${changed.join('')}`
}
