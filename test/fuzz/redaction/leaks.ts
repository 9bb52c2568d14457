import { createGuard } from '@poolsafe/core'
import { formOf } from '../../../packages/core/src/observe/shape/shape-form.ts'
import { summaryOf } from '../../../packages/core/src/observe/shape/summary.ts'
import { redact } from '../../../packages/core/src/sql/redact.ts'
import { minimised } from '../minimise.ts'
import { markedText, type MarkedText } from './marked-text.ts'
import { secretMarks } from './secret-marks.ts'

const guard = createGuard({ mode: 'strict' })

/** The texts that poolsafe makes from a statement and shows to people. */
const shown: Readonly<Record<string, (sql: string) => string>> = {
  'the redacted statement': redact,
  'the redacted statement, uncut': (sql) => redact(sql, Infinity),
  'the fingerprint': formOf,
  'the summary': (sql) => summaryOf(formOf(sql)),
  'the findings': (sql) => JSON.stringify(guard.inspect(sql, { inTransaction: false }).findings),
}

export interface Leak {
  readonly index: number
  readonly sql: string
  readonly where: string
}

export interface RedactionTally {
  texts: number
  /** Texts that PostgreSQL's lexer reads. */
  read: number
  secrets: number
  readonly leaks: Leak[]
}

/** Leaks kept; one is enough to fail the run. */
const mostLeaks = 5

export function emptyRedactionTally(): RedactionTally {
  return { texts: 0, read: 0, secrets: 0, leaks: [] }
}

export function addRedactionTally(sum: RedactionTally, { texts, read, secrets, leaks }: RedactionTally): void {
  sum.texts += texts
  sum.read += read
  sum.secrets += secrets
  sum.leaks.push(...leaks.slice(0, mostLeaks - sum.leaks.length))
}

/** Makes texts and looks for their secrets in all that is shown of them. */
export function redactionTally(seed: number, first: number, count: number): RedactionTally {
  const tally = emptyRedactionTally()
  for (let index = first; index < first + count; index++) {
    const text = markedText(seed, index)
    const secrets = secretMarks(text)
    tally.texts++
    if (secrets === undefined) continue
    tally.read++
    tally.secrets += secrets.size
    const where = leakOf(text.sql, secrets)
    if (where !== undefined && tally.leaks.length < mostLeaks) tally.leaks.push({ index, sql: shortest(text), where })
  }
  return tally
}

function leakOf(sql: string, secrets: ReadonlySet<string>): string | undefined {
  if (secrets.size === 0) return undefined
  return Object.keys(shown).find((where) => {
    const text = shown[where]?.(sql) ?? ''
    return [...secrets].some((mark) => text.includes(mark))
  })
}

function shortest({ sql, marks }: MarkedText): string {
  return minimised(sql, (shorter) => leakOf(shorter, secretMarks({ sql: shorter, marks }) ?? new Set()) !== undefined)
}
