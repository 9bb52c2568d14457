import type { Answer, AnswerReader } from '@poolsafe/core/adapter'

/** How driver adapters answer. */
export const reader: AnswerReader = {
  layer: 'prisma',
  sqlStateOf,
  answerOf: (result) => result as Answer,
  /** `queryRaw` returns rows, `executeRaw` the number of rows that it changed. */
  rowsOf(result) {
    if (typeof result === 'number') return result
    const { rows } = (result ?? {}) as { rows?: unknown }
    return Array.isArray(rows) ? rows.length : undefined
  },
}

/**
 * The server's SQLSTATE in a DriverAdapterError; `undefined` if the server did not answer with this error, such as for
 * a value that the adapter cannot read.
 */
function sqlStateOf(error: unknown): string | undefined {
  const { name, cause } = (error ?? {}) as { name?: unknown; cause?: { originalCode?: unknown } | null }
  const code = cause?.originalCode
  return name === 'DriverAdapterError' && typeof code === 'string' ? code : undefined
}
