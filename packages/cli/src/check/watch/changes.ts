/** Editors write a file in several steps. */
const settleMillis = 100

/** Changes of files, reported once they have settled. */
export class Changes {
  #timer: NodeJS.Timeout | undefined
  #isSettled = false
  #waiting: (() => void) | undefined

  /** Notes a change. */
  add(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#settle(), settleMillis)
  }

  /** Waits for changes. Those since the last call count too. */
  async next(): Promise<void> {
    if (!this.#isSettled) await new Promise<void>((resolve) => (this.#waiting = resolve))
    this.#isSettled = false
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #settle(): void {
    this.#isSettled = true
    this.#waiting?.()
  }
}
