import type pg from 'pg'

/** The first value of the last result, or the SQLSTATE of the error. */
export async function answer(
  client: pg.Client | pg.Pool | pg.PoolClient,
  query: string | pg.QueryConfig,
): Promise<unknown> {
  try {
    const result: pg.QueryArrayResult<unknown[]> | pg.QueryArrayResult<unknown[]>[] = await client.query({
      ...(typeof query === 'string' ? { text: query } : query),
      rowMode: 'array',
    })
    const last = Array.isArray(result) ? result.at(-1) : result
    return last?.rows[0]?.[0]
  } catch (error) {
    return `error ${String((error as pg.DatabaseError).code)}`
  }
}

/** The whole answer of the server: commands, counts and rows, or the SQLSTATE of the error. */
export async function wholeAnswer(client: pg.Client, sql: string, values?: readonly unknown[]): Promise<string> {
  try {
    // As arrays: of two columns of the same name, an object would hold the last alone.
    const query = { text: sql, rowMode: 'array' as const, ...(values !== undefined && { values: [...values] }) }
    const result: pg.QueryArrayResult | pg.QueryArrayResult[] = await client.query(query)
    return JSON.stringify([result].flat().map(({ command, rowCount, rows }) => [command, rowCount, rows as unknown]))
  } catch (error) {
    return `error ${String((error as pg.DatabaseError).code)}`
  }
}

export function isError(answered: string): boolean {
  return answered.startsWith('error')
}
