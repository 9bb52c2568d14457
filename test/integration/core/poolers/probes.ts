import type { PoolerProfile } from '@poolsafe/core'
import type pg from 'pg'

/** Statements that leave one kind of session state, and how to see whether it is there. */
export interface Probe {
  readonly state: keyof PoolerProfile['carries']
  /** The setting, where it is one. */
  readonly setting?: string
  readonly leave: string | pg.QueryConfig
  readonly ask: string | pg.QueryConfig
  /** The answer to a stranger on whose server connection it is. */
  readonly there: unknown
  /** The answer to its owner, where that is another one. */
  readonly ours?: unknown
}

const named = { name: 'secret', text: 'SELECT 7' }

/** `drawn` is a sequence of the database. */
export const probes: readonly Probe[] = [
  setting('statement_timeout', '4321ms'),
  setting('timezone', 'Asia/Tokyo'),
  setting('datestyle', 'SQL, DMY'),
  setting('application_name', 'secret'),
  setting('standard_conforming_strings', 'off'),
  setting('intervalstyle', 'iso_8601'),
  setting('search_path', 'pg_catalog'),
  setting('default_transaction_read_only', 'on'),
  { state: 'role', leave: 'SET ROLE pg_monitor', ask: 'SELECT current_user::text', there: 'pg_monitor' },
  {
    state: 'session-authorization',
    leave: 'SET SESSION AUTHORIZATION pg_monitor',
    ask: 'SELECT session_user::text',
    there: 'pg_monitor',
  },
  { state: 'sql-prepared-statement', leave: 'PREPARE secret AS SELECT 7', ask: 'EXECUTE secret', there: 7 },
  { state: 'named-statement', leave: named, ask: named, there: 'error 42P05', ours: 7 },
  { state: 'listen', leave: 'LISTEN secret', ask: 'SELECT pg_listening_channels()', there: 'secret' },
  {
    state: 'temp-object',
    leave: 'CREATE TEMP TABLE secret AS SELECT 7 AS value',
    ask: 'SELECT value FROM secret',
    there: 7,
  },
  {
    state: 'advisory-lock',
    leave: 'SELECT pg_advisory_lock(42)',
    ask: "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    there: 1,
  },
  { state: 'held-cursor', leave: 'DECLARE secret CURSOR WITH HOLD FOR SELECT 7', ask: 'FETCH secret', there: 7 },
  { state: 'sequence-value', leave: "SELECT setval('drawn', 77)", ask: "SELECT currval('drawn')::int", there: 77 },
  {
    state: 'library',
    leave: "LOAD 'plpgsql'",
    ask: "SELECT current_setting('plpgsql.variable_conflict', true)",
    there: 'error',
  },
]

/** The number that follows this seed is up to the server. */
export const seed = 'SELECT setseed(0.5)'

export function seedProbe(firstNumber: unknown): Probe {
  return { state: 'random-seed', leave: seed, ask: 'SELECT random()', there: firstNumber }
}

function setting(name: string, value: string): Probe {
  return { state: 'setting', setting: name, leave: `SET ${name} = '${value}'`, ask: `SHOW ${name}`, there: value }
}
