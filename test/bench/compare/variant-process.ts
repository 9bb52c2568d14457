import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Request } from './child.ts'
import type { Round, Scenario } from './contender.ts'

/**
 * A contender in a process of its own, with caches and compiled code of its own: no variant can slow another one down.
 */
export class VariantProcess {
  readonly #child: ChildProcess
  readonly #variant: string

  private constructor(child: ChildProcess, variant: string) {
    this.#child = child
    this.#variant = variant
  }

  static async start(variant: string, scenario: Scenario): Promise<VariantProcess> {
    const file = `${import.meta.dirname}/child.ts`
    const started = new VariantProcess(fork(file, [variant, JSON.stringify(scenario)]), variant)
    await started.#answer()
    return started
  }

  async round(millis: number): Promise<Round> {
    const answer = this.#answer()
    this.#child.send({ millis } satisfies Request)
    return (await answer) as Round
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    const [code] = await ended
    if (code !== 0) throw this.#died(code)
  }

  async #answer(): Promise<unknown> {
    const waiting = new AbortController()
    const { signal } = waiting
    const died = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw this.#died(code)
    })
    try {
      const [answer] = (await Promise.race([once(this.#child, 'message', { signal }), died])) as [unknown]
      return answer
    } finally {
      died.catch(() => {})
      waiting.abort()
    }
  }

  #died(code: unknown): Error {
    return new Error(
      `The process of the variant '${this.#variant}' ended with code ${String(code)}; its error is above.`,
    )
  }
}
