import type { Terminal } from './terminal.ts'

/** Short work shows nothing. */
const delayMillis = 500
const intervalMillis = 100
const width = 30
const clearLine = '\r\u001B[K'

/** How far a long work is, on standard error. It shows only on a terminal, and never in CI. */
export class Progress {
  readonly #terminal: Terminal
  readonly #what: string
  readonly #total: number
  readonly #now: () => number
  readonly #isShown: boolean
  #next: number
  #isDrawn = false

  /**
   * @param what the plural of what is counted: `files`
   * @param now the time in milliseconds
   */
  constructor(terminal: Terminal, what: string, total: number, now: () => number = () => performance.now()) {
    const { isErrorInteractive, env } = terminal
    this.#terminal = terminal
    this.#what = what
    this.#total = total
    this.#now = now
    this.#isShown = isErrorInteractive && (env['CI'] ?? '') === '' && env['TERM'] !== 'dumb'
    this.#next = now() + delayMillis
  }

  /** Shows how much is done, ten times a second at most. */
  show(done: number): void {
    if (!this.#isShown) return
    const time = this.#now()
    if (time < this.#next) return
    this.#next = time + intervalMillis
    this.#isDrawn = true
    this.#terminal.err(`${clearLine}${bar(done / this.#total)} ${count(done)} of ${count(this.#total)} ${this.#what}`)
  }

  /** Removes the bar. */
  end(): void {
    if (this.#isDrawn) this.#terminal.err(clearLine)
    this.#isDrawn = false
  }
}

function bar(part: number): string {
  const full = Math.round(Math.min(1, part) * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
