import { processWide } from '@poolsafe/core'

/** What Prisma hands to an extension for one operation of an array. */
export interface ArrayOperation {
  readonly args: unknown
  readonly __internalParams?: object
  readonly query: (args: never, params?: never) => Promise<unknown>
}

/** What Prisma hands to an extension for all operations of an array. */
export interface Batch {
  readonly args: unknown
  readonly __internalParams?: { readonly requests?: readonly { readonly transaction?: unknown }[] }
  readonly query: (args: never) => Promise<unknown>
}

/**
 * Prisma sends what is asked for in one tick from the context of whoever asked first: the origin, and the scope of `allow`,
 * of one array would be taken for those of the others. So each operation of an array remembers its own.
 */
class CallerContext {
  readonly #origin = processWide.origins.getStore()
  readonly #scope = processWide.scopes.getStore()

  run(work: () => Promise<unknown>): Promise<unknown> {
    const inOrigin = (): Promise<unknown> => (this.#origin === undefined ? work() : processWide.origins.run(this.#origin, work))
    return processWide.scopes.run(this.#scope, inOrigin)
  }

  /** For the rest of the asynchronous function that calls it. */
  enter(): void {
    processWide.scopes.enterWith(this.#scope)
    if (this.#origin !== undefined) processWide.origins.enterWith(this.#origin)
  }
}

/** By the object with which Prisma marks an operation of an array, and which it hands on. */
const contexts = new WeakMap<object, CallerContext>()

/**
 * Sends an operation of an array. An array of one is no batch to Prisma: of its operation nobody hears again, but for a
 * function that the engine calls right before it runs the query, and that is meant to replace the `fetch` of a data proxy.
 */
export async function sendOperation({ args, query, __internalParams: params }: ArrayOperation, transaction: object): Promise<unknown> {
  const context = new CallerContext()
  contexts.set(transaction, context)
  const customDataProxyFetch = (fetch: unknown): unknown => {
    context.enter()
    return fetch
  }
  return await query(args as never, { ...params, customDataProxyFetch } as never)
}

/** Sends the operations of an array, which is in one piece. */
export async function sendBatch({ args, query, __internalParams: params }: Batch): Promise<unknown> {
  const transaction = params?.requests?.[0]?.transaction
  const context = typeof transaction === 'object' && transaction !== null ? contexts.get(transaction) : undefined
  const send = (): Promise<unknown> => query(args as never)
  return await (context === undefined ? send() : context.run(send))
}
