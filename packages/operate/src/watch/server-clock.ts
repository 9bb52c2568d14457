/** The smallest jump that counts, in milliseconds. Slower corrections of a clock change nothing. */
const leastJump = 1000

/**
 * Notices when the server's clock is set forward. PostgreSQL dates the begin of idleness by that clock, so after a jump of
 * an hour every connection looks idle for an hour.
 */
export class ServerClock {
  #last: { readonly server: number; readonly asked: number } | undefined
  #jumps: { readonly millis: number; readonly at: number }[] = []

  /**
   * Notes an answer of the server. All times are in milliseconds.
   *
   * @param server the time of the server
   * @param asked when it was asked, by a clock that never jumps
   * @param answered when the answer came, by the same clock
   */
  note(server: number, asked: number, answered: number): void {
    const last = this.#last
    this.#last = { server, asked }
    if (last === undefined) return
    const jump = server - last.server - (answered - last.asked)
    if (jump >= leastJump) this.#jumps.push({ millis: jump, at: answered })
  }

  /** Returns by how much the server's clock was set forward within the last `period` milliseconds. */
  aheadAt(now: number, period: number): number {
    this.#jumps = this.#jumps.filter(({ at }) => now - at < period)
    return Math.ceil(this.#jumps.reduce((sum, { millis }) => sum + millis, 0))
  }
}
