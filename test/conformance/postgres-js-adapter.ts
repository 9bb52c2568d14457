import type { Guard } from '@poolsafe/core'
import { guardSql } from '@poolsafe/postgres-js'
import type { ConformanceAdapter, ConformanceClient } from '@poolsafe/testing/conformance'
import postgres from 'postgres'

interface SqlClient extends ConformanceClient {
  readonly sql: postgres.Sql
}

/** postgres.js prints notices by default. It names its statements unless `prepare` is false. */
const options = { max: 1, prepare: false, onnotice() {} } as const

export const postgresJsAdapter: ConformanceAdapter<SqlClient> = {
  name: 'postgres.js',
  sqlStateOf: (error) => (error as { code?: unknown }).code,
  rollsBackAfterFailure: true,
  open(url, guard) {
    const sql = sqlOn(url, guard)
    return {
      sql,
      query: async (text) => rowsOf(await sql.unsafe(text)),
      transaction: async <Result>(work: Parameters<ConformanceClient['transaction']>[0]) =>
        (await sql.begin((tx) =>
          work(
            async (text) => rowsOf(await tx.unsafe(text)),
            async () => tx`SELECT ${undefined as never}`,
          ),
        )) as Result,
      close: () => sql.end(),
    }
  },
  forms: {
    'template without parameters': async ({ sql }, text) => rowsOf(await sql(templateOf(text))),
    'template with a fragment': async ({ sql }, text) => rowsOf(await sql`${sql.unsafe(text)}`),
    'unsafe with the extended protocol': async ({ sql }, text) =>
      rowsOf(await sql.unsafe(text, [], { prepare: false, simple: false } as object)),
    execute: async ({ sql }, text) => rowsOf(await sql.unsafe(text).execute()),
    'reserved connection': async ({ sql }, text) => {
      const reserved = await sql.reserve()
      try {
        return rowsOf(await reserved.unsafe(text))
      } finally {
        reserved.release()
      }
    },
    forEach: async ({ sql }, text) => {
      const rows: unknown[] = []
      await sql.unsafe(text).forEach((row) => void rows.push(row))
      return rows
    },
    'cursor with a callback': async ({ sql }, text) => {
      const rows: unknown[] = []
      await sql(templateOf(text)).cursor(10, (some) => void rows.push(...some))
      return rows
    },
  },
  streams: {
    async *cursor({ sql }, text) {
      for await (const rows of sql(templateOf(text)).cursor(10)) yield* rows
    },
  },
}

function sqlOn(url: string, guard: Guard | undefined): postgres.Sql {
  const bare = postgres(url, { ...options })
  return guard === undefined ? bare : guardSql(bare, guard)
}

function rowsOf(result: Iterable<unknown>): unknown[] {
  return [...result]
}

/** The argument that a tag gets for a template without parameters. */
function templateOf(text: string): TemplateStringsArray {
  return Object.assign([text], { raw: [text] })
}
