import { classifyFailure } from '../../checkout/failures.ts'
import type { PoolPing } from './health.ts'
import type { AskedFirst, ObservedPool } from '../pools/pool-report.ts'
import { performance, setTimeout, clearTimeout, setImmediate } from '../../measure/real-time.ts'

/** The result of a ping, with its error. */
export interface Ping extends PoolPing {
  readonly error?: unknown
  /** True if it failed because no connection could be opened. */
  readonly isOfConnecting?: boolean
}

/** How a pool is pinged. */
interface Asking {
  readonly limitMillis: number
  readonly mayOpen: boolean
  readonly first: AskedFirst
}

/** A ping without an answer so far. */
interface Question {
  readonly askedAt: number
  /** A connection that has not answered within this time is closed. */
  readonly limitMillis: number
  /** True while a connection is being opened for it. */
  isOpening: boolean
  readonly answer: Promise<Ping>
  readonly resolve: (answer: Ping) => void
}

const notAsked: Ping = { outcome: 'notAsked', millis: null }

/**
 * Pings without an answer by pool. Concurrent health checks share them: at most one ping runs at a time, plus a second
 * one if the first gets no answer.
 */
const underWay = new WeakMap<ObservedPool, Set<Question>>()

/**
 * Asks an idle connection of a pool for an answer of the server. A connection that a firewall dropped silently says
 * nothing about the server. If no answer comes for half of the limit, the connection that the next caller would get is
 * asked too.
 *
 * @param mayOpen whether it may open one where there is none
 */
export async function ping(pool: ObservedPool, limitMillis: number, mayOpen: boolean): Promise<Ping> {
  const startedAt = performance.now()
  const patienceMillis = limitMillis / 2
  ask(pool, { limitMillis, mayOpen, first: 'longestIdle' })
  const questions = underWay.get(pool)
  if (questions === undefined || questions.size === 0) return notAsked
  const early = await answerOf(questions, patienceMillis)
  if (early !== undefined) return early
  ask(pool, { limitMillis, mayOpen: false, first: 'nextOut' })
  const late = await answerOf(questions, Math.max(startedAt + limitMillis - performance.now(), 0))
  return late ?? { outcome: 'timedOut', millis: performance.now() - startedAt }
}

/** Returns the first answer within the limit. */
async function answerOf(questions: ReadonlySet<Question>, limitMillis: number): Promise<Ping | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    // After a long blocked event loop, the timer and the answer are due together, and the timer runs first.
    timer = setTimeout(() => setImmediate(() => resolve(undefined)), limitMillis)
  })
  try {
    return await Promise.race([...Array.from(questions, ({ answer }) => answer), late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Sends a ping unless one was sent just now. A connection without an answer is not asked again, because it is not idle.
 */
function ask(pool: ObservedPool, { limitMillis, mayOpen, first }: Asking): void {
  const patienceMillis = limitMillis / 2
  const askedAt = performance.now()
  const questions = underWay.get(pool) ?? new Set()
  underWay.set(pool, questions)
  if (Array.from(questions).some((other) => askedAt - other.askedAt < patienceMillis)) return
  // Health checks must not each try to open a connection to a server that refuses connections.
  const isOpening = Array.from(questions).some((other) => other.isOpening)
  let resolve: (answer: Ping) => void = () => {}
  const answer = new Promise<Ping>((settleAnswer) => (resolve = settleAnswer))
  const question: Question = { askedAt, limitMillis, isOpening: false, answer, resolve }
  const asked =
    pool.ask('SELECT 1', { first, limitMillis }) ?? (mayOpen && !isOpening ? openAndAsk(pool, question) : undefined)
  if (asked === undefined) return
  questions.add(question)
  const settled = (outcome: 'answered' | 'failed', error?: unknown): void => {
    const millis = performance.now() - askedAt
    // The pool closed it because it was silent.
    const isLate = outcome === 'failed' && !question.isOpening && millis >= limitMillis
    settle(questions, question, {
      outcome: isLate ? 'timedOut' : outcome,
      millis,
      error,
      isOfConnecting: question.isOpening,
    })
  }
  void asked
    // If another connection has answered in the meantime, this ping is abandoned.
    .catch((error: unknown) => (questions.has(question) ? askAnother(pool, question, mayOpen, error) : undefined))
    .then(
      () => settled('answered'),
      (error: unknown) => settled('failed', error),
    )
}

/** An answer also settles earlier pings: only their connections are silent. */
function settle(questions: Set<Question>, settled: Question, answer: Ping): void {
  for (const question of questions) {
    const isOlder = answer.outcome === 'answered' && question.askedAt < settled.askedAt
    if (question !== settled && !isOlder) continue
    questions.delete(question)
    question.resolve(answer)
  }
}

function openAndAsk(pool: ObservedPool, question: Question): Promise<unknown> | undefined {
  const opened = pool.open()
  question.isOpening = opened !== undefined
  return opened?.then(() => {
    question.isOpening = false
    return pool.ask('SELECT 1', { limitMillis: question.limitMillis })
  })
}

/**
 * A single broken connection says little: the pool closes connections that were idle for too long, even with a ping in
 * flight.
 */
function askAnother(pool: ObservedPool, question: Question, mayOpen: boolean, error: unknown): unknown {
  if (question.isOpening || classifyFailure(error)?.kind !== 'brokenConnection') throw error
  const again =
    pool.ask('SELECT 1', { limitMillis: question.limitMillis }) ?? (mayOpen ? openAndAsk(pool, question) : undefined)
  if (again === undefined) throw error
  return again
}
