/** The pauses of a loop, which others may cut short or end. */
export class Rest {
  #isOver = false
  /** Ends the pause that is under way. */
  #wake = (): void => {}
  /** Callers that wait for the end of the next turn … */
  #waiting: (() => void)[] = []
  /** … and of the one that is under way. */
  #served: (() => void)[] = []
  readonly #signal: AbortSignal | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    if (signal?.aborted === true) this.#isOver = true
    signal?.addEventListener('abort', this.end, { once: true })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  readonly end = (): void => {
    this.#isOver = true
    this.#signal?.removeEventListener('abort', this.end)
    this.#wake()
    for (const resolve of [...this.#waiting, ...this.#served]) resolve()
  }

  /** Cuts the pause short, or leaves out the next one. Resolves when a turn that begins after this call has ended. */
  async interrupt(): Promise<void> {
    if (this.#isOver) return
    const turn = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#wake()
    await turn
  }

  /** Pauses between two turns, unless a caller waits for the next one. */
  async sleep(millis: number): Promise<void> {
    for (const resolve of this.#served) resolve()
    if (this.#waiting.length === 0 && !this.#isOver)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, millis)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#served = this.#waiting
    this.#waiting = []
  }
}
