import { transactionTexts, type Execution, type Observer } from '@poolsafe/core/adapter'
import { sqlStateOf } from './server-error.ts'
import type { AdapterTransaction, Statement } from './types.ts'

/** When the transaction began that a statement is in; 0 outside one. */
export interface Since {
  readonly transactionSince: number
}

const autocommit: Since = { transactionSince: 0 }

/** `send`, observed: for adapters with no pool of node-postgres below, which would see more. */
export function observed<Text extends Statement | string>(
  send: (text: Text) => Promise<unknown>,
  observer: Observer | undefined,
  { transactionSince }: Since = autocommit,
): (text: Text) => Promise<unknown> {
  if (observer === undefined) return send
  return function observedSend(text) {
    const execution = observer.begin(typeof text === 'string' ? text : text.sql, 'prisma', observedSend)
    execution.transactionSince = transactionSince
    return ended(observer, execution, send(text))
  }
}

type Start = (...options: never[]) => Promise<AdapterTransaction>

/** Adapters send their own BEGIN: all that is seen of it is how long it took to get the transaction. */
export function observedStart(start: Start, observer: Observer | undefined): Start {
  if (observer === undefined) return start
  return function begin(...options) {
    return ended(observer, observer.begin(transactionTexts.begin, 'prisma', begin), start(...options))
  }
}

/** A driver that must not be sent a COMMIT as a statement sends it by itself, at the end of the transaction. */
export function observedEnd(
  end: () => Promise<void>,
  sql: string,
  observer: Observer | undefined,
  since: Since,
): () => Promise<void> {
  const send = observed((_text: string) => end(), observer, since)
  return observer === undefined ? end : () => send(sql) as Promise<void>
}

/** What is handed on in the place of the answer: a failure that nobody handles is still one. */
function ended<Answer>(observer: Observer, execution: Execution, answer: Promise<Answer>): Promise<Answer> {
  return answer.then(
    (answered) => {
      execution.rows = rowsOf(answered)
      observer.end(execution)
      return answered
    },
    (error: unknown) => {
      observer.end(execution, sqlStateOf(error) ?? '')
      throw error
    },
  )
}

/** `queryRaw` gives rows, `executeRaw` the number of rows that it changed. */
function rowsOf(answered: unknown): number | undefined {
  if (typeof answered === 'number') return answered
  const { rows } = (answered ?? {}) as { rows?: unknown }
  return Array.isArray(rows) ? rows.length : undefined
}
