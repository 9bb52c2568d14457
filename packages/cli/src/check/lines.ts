import type { Place } from './finding.ts'

/** The lines of a file, for places with lines and columns. */
export class Lines {
  readonly #starts: number[] = [0]
  readonly #source: string

  constructor(source: string) {
    this.#source = source
    for (let at = source.indexOf('\n'); at !== -1; at = source.indexOf('\n', at + 1)) this.#starts.push(at + 1)
  }

  /** Returns line and column of an offset, both from 1. */
  at(offset: number): { readonly line: number; readonly column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 }
  }

  /** Returns the place from one offset to another. */
  place(path: string, from: number, to: number): Place {
    const start = this.at(from)
    const end = this.at(Math.max(to, from))
    return { path, ...start, endLine: end.line, endColumn: end.column }
  }

  /** Returns the offset at which a line starts. */
  startOf(line: number): number {
    return this.#starts[line - 1] ?? this.#source.length
  }

  /** Returns the text of a line, without its line end. */
  text(line: number): string {
    return this.#source.slice(this.startOf(line), this.startOf(line + 1)).replace(/\r?\n$/, '')
  }
}
