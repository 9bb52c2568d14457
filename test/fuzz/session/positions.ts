import type { Random } from '../random.ts'

type Around = (part: string) => string

/** Places in which PostgreSQL calls a function once. */
const certain: readonly Around[] = [(call) => `SELECT ${call}`, (call) => `SELECT ${call} AS done`]

/** Places in which PostgreSQL calls the function, and the text shows it less clearly. */
const running: readonly Around[] = [
  (call) => `SELECT ${call} WHERE true`,
  (call) => `SELECT CASE WHEN 1 = 1 THEN ${call} END`,
  (call) => `SELECT ${call} LIMIT 1`,
  (call) => `SELECT ${call} FROM perm WHERE id = 1`,
  (call) => `WITH w AS (SELECT ${call} AS done) SELECT done FROM w`,
  (call) => `SELECT (SELECT ${call})`,
  (call) => `SELECT ${call}, ${call}`,
  (call) => `DO $$ BEGIN PERFORM ${call}; END $$`,
]

/** Places in which PostgreSQL does not call the function, or may not. */
const idle: readonly Around[] = [
  (call) => `SELECT ${call} WHERE false`,
  (call) => `SELECT ${call} WHERE 1 = 2`,
  (call) => `SELECT CASE WHEN 1 = 2 THEN ${call} END`,
  (call) => `SELECT CASE id WHEN 99 THEN ${call} END FROM perm`,
  (call) => `SELECT ${call} LIMIT 0`,
  (call) => `SELECT ${call} OFFSET 1`,
  (call) => `SELECT ${call} HAVING false`,
  (call) => `SELECT ${call} HAVING 1 = 2`,
  (call) => `SELECT ${call} FROM perm WHERE id = 99`,
  (call) => `SELECT ${call} FROM generate_series(1, 0)`,
  (call) => `SELECT COALESCE('there', ${call}::text)`,
  (call) => `SELECT true OR ${call}::text IS NULL`,
  (call) => `SELECT false AND ${call}::text IS NULL`,
  (call) => `SELECT 1 WHERE EXISTS (SELECT ${call})`,
  (call) => `SELECT EXISTS (SELECT ${call} FROM perm)`,
  (call) => `WITH w AS (SELECT ${call}) SELECT 1`,
  (call) => `WITH w AS (SELECT ${call}) SELECT 1 FROM w WHERE false`,
  (call) => `UPDATE perm SET item = (${call})::text WHERE id = 99`,
  (call) => `DELETE FROM perm WHERE id = 99 AND (${call})::text = 'x'`,
  (call) => `INSERT INTO perm SELECT 7, (${call})::text WHERE false`,
  (call) => `EXPLAIN SELECT ${call}`,
  (call) => `SELECT ARRAY(SELECT ${call} FROM perm WHERE id = 99)`,
  (call) => `SELECT 1 FROM perm LEFT JOIN (SELECT 2 AS n, ${call} AS done) s ON false`,
  (call) => `VALUES (${call}) LIMIT 0`,
  (call) => `SELECT 1 UNION ALL (SELECT 2 FROM (SELECT ${call}) s LIMIT 0)`,
  (call) => `SELECT ${call} FROM perm LIMIT 0`,
  (call) => `SELECT ${call} EXCEPT SELECT ${call} WHERE false LIMIT 0`,
  (call) => `DECLARE unread CURSOR FOR SELECT ${call}`,
  (call) => `UPDATE perm SET item = item WHERE id = 99 RETURNING ${call}`,
  (call) => `DELETE FROM perm WHERE id = 99 RETURNING ${call}`,
  (call) => `INSERT INTO perm VALUES (2, 'x') ON CONFLICT (id) DO NOTHING RETURNING ${call}`,
  (call) => `INSERT INTO perm VALUES (9, 'x') ON CONFLICT (id) DO UPDATE SET item = (${call})::text`,
  (call) =>
    `MERGE INTO perm USING (SELECT 1 AS id) s ON perm.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (5, (${call})::text)`,
  (call) => `SELECT count((${call})::text) FILTER (WHERE false)`,
  (call) => `SELECT string_agg((${call})::text, ',') FROM perm WHERE id = 99`,
  (call) => `SELECT 1 FROM perm p, LATERAL (SELECT ${call} WHERE p.id = 99) s`,
  (call) => `SELECT ${call} LIMIT (SELECT 0)`,
  (call) => `SELECT ${call} FROM perm TABLESAMPLE BERNOULLI (0)`,
  (call) => `SELECT rank() OVER (ORDER BY (${call})::text) FROM perm WHERE id = 99`,
  (call) => `WITH gone AS (DELETE FROM perm WHERE id = 99 RETURNING 1) SELECT ${call} FROM gone`,
  (call) => `SELECT 'a' INTERSECT SELECT (${call})::text WHERE false`,
  (call) => `PREPARE later AS SELECT ${call};\nDEALLOCATE later`,
  (call) => `EXPLAIN (ANALYZE, ANALYZE off) SELECT ${call}`,
]

/** Blocks that surely run a statement. */
const certainBlocks: readonly Around[] = [(part) => `BEGIN ${part}; END`, (part) => `BEGIN BEGIN ${part}; END; END`]

/** Blocks that do not run the statement, or roll it back. */
const idleBlocks: readonly Around[] = [
  (part) => `BEGIN IF 1 = 2 THEN ${part}; END IF; END`,
  (part) => `BEGIN IF 1 = 1 THEN NULL; ELSE ${part}; END IF; END`,
  (part) => `DECLARE n int := 1; BEGIN CASE n WHEN 1 THEN NULL; ELSE ${part}; END CASE; END`,
  (part) => `BEGIN WHILE false LOOP ${part}; END LOOP; END`,
  (part) => `BEGIN FOR i IN 1..0 LOOP ${part}; END LOOP; END`,
  (part) => `DECLARE r record; BEGIN FOR r IN SELECT 1 FROM perm WHERE id = 99 LOOP ${part}; END LOOP; END`,
  (part) => `BEGIN RETURN; ${part}; END`,
  (part) => `BEGIN IF 1 = 1 THEN RETURN; END IF; ${part}; END`,
  (part) => `BEGIN LOOP EXIT; ${part}; END LOOP; END`,
  (part) => `BEGIN <<over>> BEGIN EXIT over; ${part}; END; END`,
  (part) => `BEGIN BEGIN PERFORM 1 / 0; ${part}; EXCEPTION WHEN division_by_zero THEN NULL; END; END`,
  (part) => `BEGIN BEGIN ${part}; PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END; END`,
  (part) => `BEGIN ${part}; PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END`,
  (part) => `BEGIN NULL; EXCEPTION WHEN OTHERS THEN ${part}; END`,
  (part) => `BEGIN PERFORM 1 / 0; ${part}; END`,
  (part) => `BEGIN ${part}; RAISE EXCEPTION 'over'; END`,
  (part) => `BEGIN RAISE EXCEPTION 'over'; ${part}; EXCEPTION WHEN OTHERS THEN NULL; END`,
  (part) => `BEGIN FOR i IN 1..2 LOOP CONTINUE; ${part}; END LOOP; END`,
  (part) => `DECLARE i int; BEGIN FOREACH i IN ARRAY ARRAY[]::int[] LOOP ${part}; END LOOP; END`,
  (part) => `BEGIN ASSERT false; ${part}; END`,
  (part) => `BEGIN PERFORM 1 WHERE false; IF FOUND THEN ${part}; END IF; END`,
  (part) => `BEGIN IF NULL THEN ${part}; END IF; END`,
  (part) => `BEGIN FOR i IN REVERSE 1..2 LOOP ${part}; END LOOP; END`,
  (part) => `BEGIN LOOP EXIT WHEN true; ${part}; END LOOP; END`,
  (part) => `BEGIN FOR i IN 1..1 LOOP CONTINUE WHEN true; ${part}; END LOOP; END`,
  (part) => `DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT 1 WHERE false' LOOP ${part}; END LOOP; END`,
  (part) => `BEGIN BEGIN RAISE EXCEPTION 'x'; ${part}; EXCEPTION WHEN raise_exception THEN NULL; END; END`,
  (part) => `BEGIN ${part}; ROLLBACK; END`,
  (part) => `BEGIN INSERT INTO perm VALUES (1); ${part}; EXCEPTION WHEN unique_violation THEN NULL; END`,
]

const runningBlocks: readonly Around[] = [
  (part) => `BEGIN IF 1 = 1 THEN ${part}; END IF; END`,
  (part) => `BEGIN ${part}; EXCEPTION WHEN OTHERS THEN NULL; END`,
  (part) => `BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN ${part}; END`,
  (part) => `BEGIN PERFORM 1; ${part}; END`,
]

/**
 * A call, in one of the places.
 *
 * @param certainty the share of places that surely run the call, from 0 to 1
 */
export function somewhere(random: Random, call: string, certainty: number): string {
  if (random.chance(certainty)) return random.pick(certain)(call)
  if (random.chance(0.04)) return random.pick(running)(call)
  return random.chance(0.7) ? random.pick(idle)(call) : block(random, `PERFORM ${call}`)
}

/** A statement, alone or somewhere in a DO block. */
export function perhapsInBlock(random: Random, statement: string, certainty: number): string {
  return random.chance(certainty) ? statement : block(random, statement)
}

function block(random: Random, statement: string): string {
  const forms = random.chance(0.8) ? idleBlocks : random.chance(0.9) ? certainBlocks : runningBlocks
  return `DO $$ ${random.pick(forms)(statement)} $$`
}
