/** The places where the server and the guard differ, with the reason. */
export interface BlindSpot {
  readonly sql: RegExp
  readonly why: string
}

/** Each is needed: one that no statement meets any more fails the test. */
export const blindSpots: readonly BlindSpot[] = [
  {
    sql: /^(BEGIN|START TRANSACTION|SELECT 1;|PREPARE|DO ).*\b(currval|lastval)\b/is,
    why: 'missed: inside a transaction the value counts as its own, since an INSERT that draws it looks like one that does not',
  },
  {
    sql: /^SELECT \* FROM pg_(listening_channels|prepared_statements)/,
    why: 'missed: a statement that asks what the session holds, as SHOW and current_setting do, is no use of it',
  },
  {
    sql: /^CREATE MATERIALIZED VIEW made AS SELECT \(set_config/,
    why: 'false alarm: PostgreSQL puts settings back that change while it fills a materialized view',
  },
  {
    sql: /^LISTEN made; UNLISTEN \*$/,
    why: 'missed: it takes away what others left as well, which is found where they leave it',
  },
  {
    sql: /^BEGIN; DECLARE made CURSOR FOR SELECT (pg_|set)\w+\(.*\); COMMIT$/,
    why: 'false alarm: nothing fetches from the cursor; a later text might, were it not for the COMMIT',
  },
  {
    sql: /^CREATE TEMP TABLE made .*CREATE TEMP VIEW seen .*CASCADE$/,
    why: 'false alarm: what CASCADE drops along with another is not followed',
  },
  {
    sql: /^PREPARE made .*\bEXECUTE made.*; DEALLOCATE made$/,
    why: 'false alarm: what stands between PREPARE and DEALLOCATE may fail, and what was prepared would stay',
  },
  { sql: /^discard sequences$/i, why: 'the server does not show which sequences it remembers' },
  {
    sql: /^SET (NAMES 'utf8'|SESSION CHARACTERISTICS AS TRANSACTION READ WRITE)$/,
    why: 'the session of the test has this value already',
  },
  { sql: /^SET (ROLE|SESSION AUTHORIZATION) postgres$/, why: 'the session of the test has this role already' },
]
