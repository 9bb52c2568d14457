import type { Entry, Site } from '@poolsafe/core/adapter'
import { siteOf } from '@poolsafe/core/internal'
import type { Handler, Query, Sql } from './driver.ts'
import { guardedClassOf, makingOf, prepareQuery, remakeQuery, type ChunkReader } from './query-class.ts'
import { callbackAround, noteOutside } from './outside.ts'
import type { Scope } from './scope.ts'

/**
 * The call sites of templates. postgres.js too remembers one stack for each template. In strict mode each query takes
 * its own.
 */
const templates = new WeakMap<object, Site>()

/**
 * Returns the guarded function for an `sql` of postgres.js, with all of its properties. Its queries are those of
 * postgres.js, and the scope judges them before they are sent.
 */
export function guardTag<Original extends Sql>(original: Original, scope: Scope): Original {
  const bare = makingOf(original)
  const making = { ...bare, handler: scope.handlerFor(bare.handler) }
  const { Query, handler, canceller } = making
  const Guarded = guardedClassOf(Query)
  const { unsafe: bareUnsafe, file: bareFile } = original
  const read = scope.readChunks.bind(scope)
  const isStrict = scope.pool.guard.mode === 'strict'
  const isOfPool = scope.use === undefined
  const { pool } = scope
  const made = (query: Query, site: Site, entry: Entry, reader: ChunkReader = read): Query =>
    noteOutside(prepareQuery(query, site, reader), isOfPool ? callbackAround(pool, entry) : undefined)

  function sql(strings: unknown, ...args: unknown[]): unknown {
    if (!isTemplate(strings)) return original(strings, ...args)
    // Here, and not in a function of its own: the stack that postgres.js takes has the frame of this function's caller.
    const query = Reflect.construct(Query, [strings, args, handler, canceller], Guarded)
    return made(query, isStrict ? siteOf(sql) : siteOfTemplate(strings, sql), sql)
  }
  function unsafe(...args: Parameters<Sql['unsafe']>): Query {
    // postgres.js turns other values into strings when it sends them. The judged text must be the sent one.
    if (typeof args[0] !== 'string') args[0] = String(args[0])
    return made(remakeQuery(Reflect.apply(bareUnsafe, original, args), making), siteOf(unsafe), unsafe)
  }
  function file(...args: Parameters<Sql['file']>): Query {
    const reading = { ...making, handler: readingFile(args[0], making.handler) }
    const query = remakeQuery(Reflect.apply(bareFile, original, args), reading)
    return made(query, siteOf(file), file, chunksOfFile(args[0], read))
  }
  async function notify(channel: unknown, payload: unknown): Promise<unknown> {
    return await sql`select pg_notify(${channel}, ${String(payload)})`
  }
  return Object.assign(withPropertiesOf(original, sql as Original), { unsafe, file, notify })
}

/** Returns true for what postgres.js takes for the first argument of a template tag: it need not be an array. */
export function isTemplate(strings: unknown): strings is Query['strings'] {
  return Array.isArray((strings as { readonly raw?: unknown } | null | undefined)?.raw)
}

function siteOfTemplate(strings: object, entry: (...args: never[]) => unknown): Site {
  const known = templates.get(strings)
  if (known !== undefined) return known
  const site = siteOf(entry)
  templates.set(strings, site)
  return site
}

/** postgres.js reads the file when it is about to send the query. Its own handler would send it unjudged. */
function readingFile(path: unknown, handler: Handler): Handler {
  return (query) => {
    if (query.strings.length > 0) return handler(query)
    readInto(query, path).then(() => handler(query), query.reject)
  }
}

/** Reads the file before the cursor is judged. */
function chunksOfFile(path: unknown, read: ChunkReader): ChunkReader {
  return async function* chunks(query, site, open) {
    await readInto(query, path)
    yield* read(query, site, open)
  }
}

async function readInto(query: Query, path: unknown): Promise<void> {
  query.strings = [await process.getBuiltinModule('node:fs/promises').readFile(path as string, 'utf8')]
}

/** The names that each function has. */
const ofFunctions = new Set(['length', 'name', 'prototype', 'arguments', 'caller'])

function withPropertiesOf<Target extends object>(original: object, target: Target): Target {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(original)))
    if (!ofFunctions.has(name)) Object.defineProperty(target, name, property)
  return target
}
