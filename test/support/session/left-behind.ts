import type pg from 'pg'

/** Returns the prepared statements and the temporary objects in the session that a client has now. */
export async function leftBehind(client: Pick<pg.Client, 'query'>): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(`
    SELECT 'prepared statement ' || name AS what FROM pg_prepared_statements WHERE NOT name ~ '^PGBOUNCER_'
    UNION ALL
    SELECT pg_describe_object(classid, objid, 0) FROM pg_depend
      WHERE refclassid = 'pg_namespace'::regclass AND refobjid = pg_my_temp_schema() AND deptype = 'n'
    ORDER BY 1`)
  return rows.map(({ what }) => what)
}
