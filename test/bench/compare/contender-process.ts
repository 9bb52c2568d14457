import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Block, BlockRequest, Scenario } from './contender.ts'

/** A process that runs blocks of one contender, in one or more variants. */
export class ContenderProcess {
  readonly #child: ChildProcess
  readonly #name: string

  private constructor(child: ChildProcess, name: string) {
    this.#child = child
    this.#name = name
  }

  /** @param tree the repository, or a checkout of another commit, whose packages the contender uses */
  static async start(tree: string, scenario: Scenario, variants: readonly string[]): Promise<ContenderProcess> {
    const child = fork(`${tree}/test/bench/compare/child.ts`, [JSON.stringify(scenario), ...variants], { cwd: tree })
    const started = new ContenderProcess(child, variants.join(', '))
    await started.#answer()
    return started
  }

  /** Runs at least this many operations of a variant. */
  async block(request: BlockRequest): Promise<Block> {
    const answer = this.#answer()
    this.#child.send(request)
    return (await answer) as Block
  }

  /** Lets the contenders close. Rejects if one of them fails its own check. */
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
    return new Error(`The process of '${this.#name}' ended with code ${String(code)}. Its error is above.`)
  }
}
