import type { Analysis, Control } from '../analyze/analysis.ts'
import { outlasts } from '../transaction/left.ts'
import type { Source } from '../transaction/source.ts'
import type { Left, TransactionState } from '../transaction/state.ts'
import { isConnectionGone, type Transaction } from '../transaction/transaction.ts'
import type { Call } from './call.ts'

/** The statements that are sent after the end of a transaction, to remove what the transaction has left. */
export interface Ending {
  /** Ends the transaction and begins another one, in which the rest can be sent: `COMMIT AND CHAIN`. */
  readonly chained: string
  /** In the order in which they are sent. */
  readonly clearings: readonly SentClearing[]
}

/** A statement, and what it removes. */
export interface SentClearing {
  readonly sql: string
  readonly left: readonly Left[]
}

/** An error in the place of the answers to an ending. */
export interface FailedEnding {
  /** The transaction had ended. Only a clearing failed. */
  readonly hasEnded: boolean
  /** How many clearings the server had run. */
  readonly done: number
  readonly error: unknown
  /** `undefined` if the error did not come from the server. */
  readonly sqlState: string | undefined
}

/** Returns true for what the end of its transaction has to clear. */
export function isToClear({ effect }: Left): boolean {
  return effect.clearing !== undefined
}

/** Shows the origin in the server's log. A pooler may answer a text that begins with DEALLOCATE without sending it. */
const mark = '/* poolsafe */'

const noAdapter = 'the end of the transaction is sent in a form that has no room for another statement'
const inText = 'the transaction ends in a text of several statements'
const chains = 'AND CHAIN begins the next transaction at once'
const prepares = 'the transaction ends by PREPARE TRANSACTION'
const unanswered = 'statements before the end of the transaction have no answer yet'

/**
 * Finds what to send behind the end of a transaction.
 *
 * @returns why nothing can be sent; `undefined` if the statement ends nothing that is to be cleared
 */
export function endingOf(analysis: Analysis, call: Call): Ending | string | undefined {
  const { transaction } = call
  if (transaction === undefined) return undefined
  const { state } = transaction
  if (![state, ...(state.others ?? [])].some(({ left }) => left.some(isToClear))) return undefined
  const end = analysis.steps.find(({ control }) => control?.does === 'commit' || control?.does === 'rollback')?.control
  if (end === undefined) return undefined
  const reason = whyNot(end, analysis, call, transaction)
  return reason ?? toEnding(end, state)
}

function whyNot(end: Control, { steps, isBatch }: Analysis, call: Call, transaction: Transaction): string | undefined {
  if (isBatch || steps.length > 1) return inText
  if (end.chains === true) return chains
  if (end.prepares === true) return prepares
  if (call.canClear !== true) return noAdapter
  const { others, isUnanswered } = transaction.state
  return transaction.isWaiting || others !== undefined || isUnanswered === true ? unanswered : undefined
}

function toEnding({ does }: Control, { left, isAborted }: TransactionState): Ending | undefined {
  const isRolledBack = does === 'rollback' || isAborted
  const byStatement = new Map<string, Left[]>()
  for (const entry of left) {
    const { clearing } = entry.effect
    if (clearing === undefined || (isRolledBack && !outlasts(entry))) continue
    byStatement.set(clearing, [...(byStatement.get(clearing) ?? []), entry])
  }
  if (byStatement.size === 0) return undefined
  const clearings = Array.from(byStatement, ([sql, entries]) => ({ sql: `${mark} ${sql}`, left: entries }))
  return { chained: does === 'commit' ? 'COMMIT AND CHAIN' : 'ROLLBACK AND CHAIN', clearings }
}

const tooMany = 'a transaction leaves more than poolsafe follows'
const failedEnd = 'the end of the transaction failed, and PostgreSQL skips what is sent behind it'
const failedClearing = 'PostgreSQL refused the statement that removes it'

/** Marks what no ending clears as not repaired. */
export function withUncleared(due: readonly Left[], ending: Ending | string | undefined): readonly Left[] {
  if (!due.some(isToClear)) return due
  const cleared = new Set(typeof ending === 'object' ? ending.clearings.flatMap(({ left }) => left) : [])
  const uncleared = due.filter((entry) => isToClear(entry) && !cleared.has(entry))
  const reported = unrepaired(uncleared, typeof ending === 'string' ? ending : tooMany)
  return [...due.filter((entry) => !uncleared.includes(entry)), ...reported]
}

/** A prepared statement of this name is not there, so it has been removed before. */
const noSuchStatement = '26000'

/** Returns what is left after an ending that failed. */
export function leftAfter({ clearings }: Ending, { hasEnded, done, error, sqlState }: FailedEnding): Left[] {
  // The server ends a session that has no connection, and runs a text to its end although the client gives up.
  if (sqlState === undefined || isConnectionGone(error)) return []
  const isGone = hasEnded && sqlState === noSuchStatement
  const entries = clearings.slice(isGone ? done + 1 : done).flatMap(({ left }) => left)
  return hasEnded ? unrepaired(entries, failedClearing) : unrepaired(entries.filter(outlasts), failedEnd)
}

function unrepaired(entries: readonly Left[], reason: string): Left[] {
  const sources = new Map<Source, Source>()
  return entries.map(({ effect, source }) => {
    const { isRepaired: _, clearing: __, ...own } = effect
    const reasons = new Map([...(source.unrepaired ?? []), [effect.rule, reason] as const])
    const told = sources.get(source) ?? { ...source, unrepaired: reasons }
    sources.set(source, told)
    return { effect: own, source: told }
  })
}
