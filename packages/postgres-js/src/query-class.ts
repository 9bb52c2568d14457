import type { Site } from '@poolsafe/core/adapter'
import type { Handler, Query, QueryClass, Sql } from './driver.ts'

/** Keeps the call site of a query. A property, because a map would cost more than a query. */
const siteKey: unique symbol = Symbol('poolsafe.site')
const readerKey: unique symbol = Symbol('poolsafe.reader')

/** Reads the chunks of a cursor. */
export type ChunkReader = (
  query: Query,
  site: Site,
  open: () => AsyncIterableIterator<unknown>,
) => AsyncIterableIterator<unknown>

interface GuardedQuery extends Query {
  [siteKey]?: Site
  [readerKey]?: ChunkReader
}

const unknownSite: Site = { stack: '' }

/** Returns the call site of a query: where the application has made it. It sends itself in a later turn. */
export function siteOfQuery(query: GuardedQuery): Site {
  return query[siteKey] ?? unknownSite
}

/** Notes on a query where it was made, and what reads its cursor. */
export function prepareQuery(query: GuardedQuery, site: Site, reader?: ChunkReader): Query {
  query[siteKey] = site
  if (reader !== undefined) query[readerKey] = reader
  return query
}

/** How postgres.js makes the queries of one `sql`. */
export interface Making {
  readonly Query: QueryClass
  readonly handler: Handler
  readonly canceller: Query['canceller']
}

/** Makes a guarded query like one that postgres.js has made, which is never sent. */
export function remakeQuery({ strings, args, options }: Query, { Query, handler, canceller }: Making): Query {
  return Reflect.construct<unknown[], Query>(
    Query as never,
    [strings, args, handler, canceller, options],
    guardedClassOf(Query),
  )
}

/** Reads how postgres.js makes queries from one that is never sent. */
export function makingOf(sql: Pick<Sql, 'unsafe'>): Making {
  const sample = sql.unsafe('') as Query & { readonly handler: Handler }
  return {
    Query: sample.constructor as QueryClass,
    handler: sample.handler,
    canceller: sample.canceller,
  }
}

const classes = new WeakMap<QueryClass, QueryClass>()

/**
 * Returns the class of the guarded queries of one copy of postgres.js, as `new.target` of its own class: an object of
 * it is made by the constructor of postgres.js alone. A derived constructor would add its frame to the stack that
 * postgres.js takes there, which has four frames.
 */
export function guardedClassOf(Original: QueryClass): QueryClass {
  const known = classes.get(Original)
  if (known !== undefined) return known
  const guarded = guardedClass(Original)
  classes.set(Original, guarded)
  return guarded
}

function guardedClass(Original: QueryClass): QueryClass {
  function Query(): void {}
  const { cursor: bareCursor } = Original.prototype as Pick<Query, 'cursor'>
  function readable(this: GuardedQuery, ...args: Parameters<Query['cursor']>): unknown {
    const cursor = Reflect.apply(bareCursor, this, args) as AsyncIterable<unknown>
    const { [readerKey]: read } = this
    if ((cursor as unknown) === this || read === undefined) return cursor
    return {
      [Symbol.asyncIterator]: () => read(this, siteOfQuery(this), () => promising(cursor[Symbol.asyncIterator]())),
    }
  }
  const own = { constructor: { value: Query }, cursor: { value: readable } }
  Query.prototype = Object.create(Original.prototype as object, own) as object
  return Object.setPrototypeOf(Query, Original) as QueryClass
}

/** The iterators of postgres.js return some results without a promise. */
function promising(chunks: AsyncIterator<unknown>): AsyncIterableIterator<unknown> {
  const iterator: AsyncIterableIterator<unknown> = {
    next: async () => chunks.next(),
    [Symbol.asyncIterator]: () => iterator,
  }
  if (chunks.return !== undefined) iterator.return = async () => chunks.return?.() ?? { done: true, value: undefined }
  return iterator
}
