import { sqlStateOf, type Execution, type Observer } from '@poolsafe/core/adapter'
import type { QueryResult } from 'kysely'

/**
 * Ends an execution with its answer.
 *
 * @returns what is to be handed on in the place of `result`, so that a failure that nobody handles is still one
 */
export function ended<R>(
  observer: Observer,
  execution: Execution,
  result: Promise<QueryResult<R>>,
): Promise<QueryResult<R>> {
  return result.then(
    (answer) => {
      const { rows, numAffectedRows } = answer
      execution.rows = numAffectedRows === undefined ? rows.length : Number(numAffectedRows)
      observer.end(execution)
      return answer
    },
    (error: unknown) => {
      observer.end(execution, sqlStateOf(error) ?? '')
      throw error
    },
  )
}

type Chunks<R> = AsyncIterableIterator<QueryResult<R>>

/**
 * A stream is observed in place, from its first chunk on: before that nothing is sent. Time counts while a chunk is
 * waited for.
 */
export function observeStream<R>(chunks: Chunks<R>, stream: ObservedStream): Chunks<R> {
  const watch = new StreamWatch(stream)
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

interface ObservedStream {
  readonly sql: string
  readonly observer: Observer
  readonly state: { readonly transactionSince: number }
}

class StreamWatch {
  readonly #stream: ObservedStream
  /** Between its first chunk and its end. */
  #execution: Execution | undefined
  #hasBegun = false
  #rows = 0
  /** Since when the reader has all that it asked for. */
  #readerSince = 0

  constructor(stream: ObservedStream) {
    this.#stream = stream
  }

  asks(entry: (...args: never[]) => unknown): void {
    if (this.#hasBegun) return this.#readerIsBack()
    this.#hasBegun = true
    const { sql, observer, state } = this.#stream
    this.#execution = observer.begin(sql, 'kysely', entry)
    this.#execution.transactionSince = state.transactionSince
  }

  answered<Chunk>(answer: Promise<IteratorResult<QueryResult<Chunk>>>): Promise<IteratorResult<QueryResult<Chunk>>> {
    return answer.then(
      (result) => {
        this.#readerSince = performance.now()
        if (result.done === true) this.#end()
        else this.#rows += result.value.rows.length
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
    this.#end(sqlStateOf(error) ?? '')
    throw error
  }

  #end(sqlState?: string): void {
    const execution = this.#execution
    this.#execution = undefined
    if (execution === undefined) return
    execution.rows = this.#rows
    this.#stream.observer.end(execution, sqlState)
  }
}
