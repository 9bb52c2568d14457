import { classifyFailure } from '../../checkout/failures.ts'
import type { PoolPing } from './health.ts'
import type { AskedFirst, ObservedPool } from '../pools/pool-report.ts'

/** A ping, with what it failed with. */
export interface Ping extends PoolPing {
  readonly error?: unknown
  /** It failed as no connection could be opened for it. */
  readonly isOfConnecting?: boolean
}

/** How a pool is asked. */
interface Asking {
  readonly limitMillis: number
  readonly mayOpen: boolean
  readonly first: AskedFirst
}

/** One that has no answer yet. */
interface Question {
  readonly askedAt: number
  /** A connection that has not answered by then is closed. */
  readonly limitMillis: number
  /** While a connection is opened for it. */
  isOpening: boolean
  readonly answer: Promise<Ping>
  readonly resolve: (answer: Ping) => void
}

const notAsked: Ping = { outcome: 'notAsked', millis: null }

/**
 * Whoever asks while a pool has not answered yet waits for the same answer: however many ask for the health, there is
 * one question at a time, and one more where that has no answer.
 */
const underWay = new WeakMap<ObservedPool, Set<Question>>()

/**
 * Asks a pool whether its server answers, on a connection that is idle. One that was silently dropped on the way, by a
 * firewall for one, says nothing of the server: where nothing comes for half the time, the connection is asked that the
 * next caller would get.
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
  const late = await answerOf(questions, startedAt + limitMillis - performance.now())
  return late ?? { outcome: 'timedOut', millis: performance.now() - startedAt }
}

/** The first answer that comes in time. */
async function answerOf(questions: ReadonlySet<Question>, limitMillis: number): Promise<Ping | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    // A process that was busy for longer finds the timer and the answer at once, and the timer first.
    timer = setTimeout(() => setImmediate(() => resolve(undefined)), limitMillis)
  })
  try {
    return await Promise.race([...Array.from(questions, ({ answer }) => answer), late])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Asks, unless somebody has asked just now. Whoever has no answer yet is not asked again: that connection is not idle.
 */
function ask(pool: ObservedPool, { limitMillis, mayOpen, first }: Asking): void {
  const patienceMillis = limitMillis / 2
  const askedAt = performance.now()
  const questions = underWay.get(pool) ?? new Set()
  underWay.set(pool, questions)
  if (Array.from(questions).some((other) => askedAt - other.askedAt < patienceMillis)) return
  // A server that does not take connections is not to be asked for one more by each who asks for the health.
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
    // Closed for its silence.
    const isLate = outcome === 'failed' && !question.isOpening && millis >= limitMillis
    settle(questions, question, {
      outcome: isLate ? 'timedOut' : outcome,
      millis,
      error,
      isOfConnecting: question.isOpening,
    })
  }
  void asked
    // Where another one has answered since, nobody waits for this any more.
    .catch((error: unknown) => (questions.has(question) ? askAnother(pool, question, mayOpen, error) : undefined))
    .then(
      () => settled('answered'),
      (error: unknown) => settled('failed', error),
    )
}

/** An answer settles what was asked before it too: those connections are silent by themselves. */
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
 * That one connection breaks says little: the pool closes those that were idle for too long, whatever we have asked on
 * them.
 */
function askAnother(pool: ObservedPool, question: Question, mayOpen: boolean, error: unknown): unknown {
  if (question.isOpening || classifyFailure(error)?.kind !== 'brokenConnection') throw error
  const again =
    pool.ask('SELECT 1', { limitMillis: question.limitMillis }) ?? (mayOpen ? openAndAsk(pool, question) : undefined)
  if (again === undefined) throw error
  return again
}
