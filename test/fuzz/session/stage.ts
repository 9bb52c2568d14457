import type { Session } from './inspect.ts'
import { sqlOf, type MadeTransaction } from './transaction.ts'

/** The roles that the statements use. */
export const roles = 'CREATE ROLE app SUPERUSER; CREATE ROLE admin SUPERUSER'

/** The tables that the statements use, in each database. */
export const stage = [
  'CREATE TABLE perm (id int PRIMARY KEY, item text)',
  "INSERT INTO perm VALUES (1, 'one'), (2, 'two')",
  'CREATE TABLE later (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)',
  'INSERT INTO later VALUES (1)',
].join(';')

/** Puts the database back into its first state, if a transaction may have defined something that is not temporary. */
export async function restore(session: Session, { texts }: MadeTransaction): Promise<void> {
  const sql = texts.map(sqlOf).join(';')
  if (/\bmade\b/.test(sql)) await session.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${stage}`)
  else if (/create table (?!pg_temp)|\binto temp/i.test(sql)) await session.query(dropTables)
}

/** A CREATE TABLE that was not temporary. */
const dropTables = `DO $$ DECLARE made name; BEGIN
  FOR made IN SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('perm', 'later')
  LOOP EXECUTE format('DROP TABLE public.%I', made); END LOOP;
END $$`
