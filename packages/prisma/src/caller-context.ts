import { origins, rememberScope } from '@poolsafe/core/internal'

/**
 * An extension passes this function to replace the `fetch` of a data proxy. The engine calls it right before it runs
 * the query.
 */
type BeforeQuery = (fetch: unknown) => unknown

/** The arguments of an extension for one operation, from Prisma. */
export interface SingleCall {
  readonly args: unknown
  readonly __internalParams?: { readonly transaction?: { readonly kind?: string } }
  readonly query: (args: never, params?: never) => Promise<unknown>
}

/** The arguments of an extension for all operations of a batch, from Prisma. */
export interface BatchCall {
  readonly args: unknown
  readonly __internalParams?: { readonly requests?: readonly { readonly customDataProxyFetch?: BeforeQuery }[] }
  readonly query: (args: never, params?: never) => Promise<unknown>
}

/**
 * Sends an operation of a transaction in the async context of its caller. Prisma sends all operations of one tick in
 * the context of the first caller, so they would all get that caller's origin and `allow` scope. The engine still
 * knows the operation only where it asks this function for a `fetch`, which it does not use here.
 */
export async function sendAsCaller({ args, query, __internalParams: params }: SingleCall): Promise<unknown> {
  const origin = origins.getStore()
  const enterScope = rememberScope()
  const customDataProxyFetch: BeforeQuery = (fetch) => {
    // Holds for the rest of the engine's async function, which runs this one query.
    enterScope()
    if (origin !== undefined) origins.enterWith(origin)
    return fetch
  }
  const sent = query(args as never, { ...params, customDataProxyFetch } as never) as RequestedPromise
  const transaction = params?.transaction
  // Without this, a client inside an interactive transaction would send the operation there, instead of in the batch
  // of an extension that is installed before this one.
  return await (transaction?.kind === 'batch' && sent.requestTransaction !== undefined
    ? sent.requestTransaction(transaction)
    : sent)
}

/** Prisma's promise, which can be part of a batch. */
interface RequestedPromise extends Promise<unknown> {
  requestTransaction?(transaction: object): unknown
}

/** The engine asks for a `fetch` before each query of a batch, in the order of the batch. */
export async function sendBatch({ args, query, __internalParams: params }: BatchCall): Promise<unknown> {
  const requests = params?.requests ?? []
  let next = 0
  const customDataProxyFetch: BeforeQuery = (fetch) => requests[next++]?.customDataProxyFetch?.(fetch) ?? fetch
  return await query(args as never, { ...params, customDataProxyFetch } as never)
}
