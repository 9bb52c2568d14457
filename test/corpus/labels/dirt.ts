/**
 * The state that an earlier transaction left, one of every kind with a name of its own. The session alone holds it: the
 * database is as it was.
 */
const leftovers = [
  'PREPARE get_user (int) AS SELECT $1',
  'PREPARE ready AS SELECT 7 AS seven',
  'LISTEN orders',
  'LISTEN "Orders"',
  'SELECT pg_advisory_lock(1), pg_advisory_lock(42), pg_advisory_lock(1, 2)',
  'SELECT pg_advisory_lock_shared(1), pg_advisory_lock_shared(42), pg_advisory_lock_shared(1, 2)',
]

/**
 * State that changes the meaning of statements that do not name it: a temporary table hides a permanent one, a role
 * decides about owners, SHOW reads a setting, and drawing from a sequence writes, so that the database must be made
 * anew. Its harm is counted where it is left. Here it is left only for texts that name it and do not make it.
 */
const ofTexts: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /^(?!.*\bdeclare\b).*\b(fetch|move|close|discard)\b/is,
    ['DECLARE page CURSOR WITH HOLD FOR SELECT * FROM generate_series(1, 50)'],
  ],
  [/currval|lastval|discard/i, ["SELECT nextval('orders_id_seq')"]],
  [
    /^(?!.*\bcreate\b).*(pg_temp|discard)/is,
    [
      'CREATE TEMP TABLE t (id int, a int)',
      'INSERT INTO pg_temp.t VALUES (7, 8)',
      'CREATE TEMP VIEW v AS SELECT 7 AS id',
      'CREATE TEMP SEQUENCE s',
      "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 7'",
      "CREATE PROCEDURE pg_temp.p() LANGUAGE plpgsql AS 'BEGIN NULL; END'",
      "CREATE TYPE pg_temp.mood AS ENUM ('ok')",
    ],
  ],
  [
    /^(?!.*\bset\b(?! local).*;.*\b(reset|default)\b).*(\breset\b|\bdefault\b|\blocal\b|\bnull, false|discard)/is,
    [
      "SET work_mem = '5MB'",
      "SET statement_timeout = '71s'",
      "SET lock_timeout = '61s'",
      "SET TIME ZONE 'Asia/Tokyo'",
      'SET search_path = public, missing',
      "SET application_name = 'dirty'",
      "SET datestyle = 'German'",
      "SET app.org_id = '7'",
    ],
  ],
  [
    /^(?!.*\bset\b.*;.*\b(reset|none|default)\b).*\b(reset|none|default|discard|reset_user)\b/is,
    ['SET SESSION AUTHORIZATION admin', 'SET ROLE app'],
  ],
  [/^(?!.*session_setup).*pg_replication_origin/is, ["SELECT pg_replication_origin_session_setup('node_a')"]],
  [/pg_backup/i, ["SELECT pg_backup_start('dirty', true)"]],
]

/** The state of a session before a statement. */
export interface Dirt {
  /** One text that leaves all of it. */
  readonly sql: string
  /** The part that does more than the session shows: a session that is fresh finds that it was done, by another one. */
  readonly beside: string | undefined
}

/** Returns statements that leave all state that a statement may depend on. */
export function dirt(sql: string): Dirt {
  const texts = ofTexts.flatMap(([words, of]) => (words.test(sql) ? of : []))
  return { sql: [...leftovers, ...texts].join(';'), beside: texts.length === 0 ? undefined : texts.join(';') }
}

/** Undoes what the dirt does to the database. The rest ends with its session. */
export const undoDirt = "SELECT setval('orders_id_seq', 1, false)"
