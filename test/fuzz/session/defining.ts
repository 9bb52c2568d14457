import type { Random } from '../random.ts'

/** Texts that define something, and run it at once. The name of each object is `made`. */
const forms: readonly ((call: string) => string)[] = [
  (call) => `PREPARE made AS SELECT ${call};\nEXECUTE made;\nDEALLOCATE made`,
  (call) => `PREPARE made AS SELECT ${call};\nEXPLAIN ANALYZE EXECUTE made;\nDEALLOCATE made`,
  (call) => `PREPARE made AS SELECT (${call})::text AS done;\nCREATE TABLE made_rows AS EXECUTE made;\nDEALLOCATE made`,
  (call) => `CREATE FUNCTION made() RETURNS text LANGUAGE sql AS $f$ SELECT (${call})::text $f$;\nSELECT made()`,
  (call) => `CREATE FUNCTION made() RETURNS text LANGUAGE sql RETURN (${call})::text;\nSELECT * FROM made()`,
  (call) => `CREATE PROCEDURE made() LANGUAGE plpgsql AS $f$ BEGIN PERFORM ${call}; END $f$;\nCALL made()`,
  (call) =>
    `CREATE FUNCTION made(value text DEFAULT (${call})::text) RETURNS text LANGUAGE sql AS 'SELECT 1'; SELECT made()`,
  (call) => `CREATE VIEW made AS SELECT (${call})::text AS done;\nSELECT * FROM made`,
  (call) => `CREATE DOMAIN made AS int CHECK ((${call})::text IS DISTINCT FROM 'x');\nSELECT 1::made`,
  (call) => `CREATE TABLE made (item text DEFAULT (${call})::text);\nINSERT INTO made DEFAULT VALUES`,
  (call) => `CREATE TABLE made (item text CHECK ((${call})::text <> 'x'));\nINSERT INTO made VALUES ('1')`,
  (call) => `ALTER TABLE perm ADD COLUMN made text DEFAULT (${call})::text`,
  (call) => `ALTER TABLE perm ADD CONSTRAINT made CHECK ((${call})::text IS DISTINCT FROM 'x')`,
  (call) => `CREATE RULE made AS ON UPDATE TO perm DO ALSO SELECT ${call};\nUPDATE perm SET item = 'z' WHERE id = 2`,
  (call) => `CREATE MATERIALIZED VIEW made AS SELECT (${call})::text AS done`,
  (call) => `SELECT query_to_xml($q$SELECT (${call})::text AS done$q$, true, true, '')`,
]

/** A call that runs because its text runs what it has just defined. */
export function defined(random: Random, call: string): string {
  return random.pick(forms)(call)
}
