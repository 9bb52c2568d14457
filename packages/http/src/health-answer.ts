import { InvalidOptionError, type GuardHealth, type HealthOptions } from '@poolsafe/core'
import { checkObject, resolveHealthOptions } from '@poolsafe/core/internal'
import { combineHealth } from './combine-health.ts'

/** An object that reports its health: a guard. */
export interface HealthSource {
  health(options?: HealthOptions): Promise<GuardHealth>
}

/** When the handler answers 200, and how much the answer contains. */
export interface HealthAnswerOptions extends HealthOptions {
  /**
   * With true, the answer has everything: reasons with hosts, operations and call sites, statements without literals,
   * and all numbers. Use it for operators only. Otherwise the answer has `healthy`, `problems` and `timestamp`.
   * @default false
   */
  readonly details?: boolean
}

/** An answer before it is sent. */
export interface Answer {
  readonly status: 200 | 405 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const

/**
 * Checks the arguments once and returns the function that answers each request.
 *
 * @returns a function that answers a request of this method and never rejects
 * @throws InvalidOptionError
 */
export function healthAnswers(
  what: string,
  given: HealthSource | readonly HealthSource[],
  options: HealthAnswerOptions = {},
): (method: string | undefined) => Promise<Answer> {
  checkObject(`${what}: options`, options, ['details', ...Object.keys(resolveHealthOptions())])
  const { details = false, ...health } = options
  if (typeof details !== 'boolean') throw new InvalidOptionError('details', details, 'true or false')
  const resolved = resolveHealthOptions(health)
  const sources = checkSources(what, given)
  return async (method) => {
    if (method !== 'GET' && method !== 'HEAD') return notAllowed
    const answers = await Promise.all(sources.map((source) => ask(source, resolved)))
    const combined = combineHealth(answers)
    return { status: combined.healthy ? 200 : 503, headers, body: JSON.stringify(details ? combined : brief(combined)) }
  }
}

function checkSources(what: string, given: HealthSource | readonly HealthSource[]): readonly HealthSource[] {
  const sources: readonly unknown[] = [given].flat()
  const areGuards = sources.every((source) => typeof (source as HealthSource | undefined)?.health === 'function')
  if (sources.length > 0 && areGuards) return sources as readonly HealthSource[]
  throw new InvalidOptionError(what, given, 'given a guard created by createGuard(), or an array of guards')
}

const notAllowed: Answer = {
  status: 405,
  headers: { ...headers, allow: 'GET, HEAD' },
  body: '{"error":"GET and HEAD only"}',
}

/**
 * Returns undefined if the guard itself fails: it then counts as unhealthy, and the others are still reported. The
 * error is dropped, because its message may quote anything.
 */
async function ask(source: HealthSource, options: HealthOptions): Promise<GuardHealth | undefined> {
  try {
    return await source.health(options)
  } catch {
    return undefined
  }
}

function brief({ healthy, problems, timestamp }: GuardHealth): Pick<GuardHealth, 'healthy' | 'problems' | 'timestamp'> {
  return { healthy, problems, timestamp }
}
