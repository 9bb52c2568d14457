import type { Execution } from './execution.ts'
import type { Observer } from './observer.ts'
import { performance } from '../measure/real-time.ts'

type Method = (...args: never[]) => unknown

/** How a stream is observed. */
export interface StreamObservation {
  readonly observer: Observer
  /** Begins the execution. Called when the reader asks for the first chunk; nothing is sent before that. */
  readonly begin: (entry: Method) => Execution
  /** Returns the number of rows of a chunk. */
  readonly rowsOf: (chunk: unknown) => number | undefined
  readonly sqlStateOf: (error: unknown) => string | undefined
}

/**
 * Observes a stream in place, from its first chunk on. Only the time in which the reader waits for a chunk counts.
 *
 * @returns the same stream
 */
export function observeStream<Chunk>(
  chunks: AsyncIterableIterator<Chunk>,
  observation: StreamObservation,
): AsyncIterableIterator<Chunk> {
  const watch = new StreamWatch(observation)
  const next = chunks.next.bind(chunks)
  const close = chunks.return?.bind(chunks)
  const fail = chunks.throw?.bind(chunks)
  function nextChunk(...args: Parameters<typeof next>): ReturnType<typeof next> {
    watch.asks(nextChunk)
    return watch.answered(next(...args))
  }
  chunks.next = nextChunk
  if (close !== undefined) chunks.return = (...args) => watch.closed(close(...args))
  if (fail !== undefined) chunks.throw = (...args) => watch.closed(fail(...args))
  return chunks
}

class StreamWatch {
  readonly #observation: StreamObservation
  /** Set from the first chunk to the end. */
  #execution: Execution | undefined
  #hasBegun = false
  #rows = 0
  /** When the reader got its latest chunk; 0 while it waits for one. */
  #readerSince = 0

  constructor(observation: StreamObservation) {
    this.#observation = observation
  }

  asks(entry: Method): void {
    if (this.#hasBegun) return this.#readerIsBack()
    this.#hasBegun = true
    this.#execution = this.#observation.begin(entry)
  }

  answered<Chunk>(answer: Promise<IteratorResult<Chunk>>): Promise<IteratorResult<Chunk>> {
    return answer.then(
      (result) => {
        this.#readerSince = performance.now()
        if (result.done === true) this.#end()
        else this.#rows += this.#observation.rowsOf(result.value) ?? 0
        return result
      },
      (error: unknown) => this.#fail(error),
    )
  }

  closed<Result>(answer: Promise<Result>): Promise<Result> {
    this.#readerIsBack()
    return answer.then(
      (result) => {
        this.#end()
        return result
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #readerIsBack(): void {
    if (this.#execution !== undefined && this.#readerSince > 0)
      this.#execution.readerMillis += performance.now() - this.#readerSince
    this.#readerSince = 0
  }

  #fail(error: unknown): never {
    this.#end(this.#observation.sqlStateOf(error) ?? '')
    throw error
  }

  #end(sqlState?: string): void {
    const execution = this.#execution
    this.#execution = undefined
    if (execution === undefined) return
    execution.rows = this.#rows
    this.#observation.observer.end(execution, sqlState)
  }
}
