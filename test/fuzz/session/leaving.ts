import type { Random } from '../random.ts'
import { defined } from './defining.ts'
import { somewhere } from './positions.ts'
import type { Kind, MadeStatement } from './transaction.ts'
import type { Theme } from './words.ts'

type Maker = (random: Random, theme: Theme) => MadeStatement | string

/** The share of statements that leave state in a place where they surely run. */
const certainty = 0.99

/** Statements that leave session state. */
const makers: Readonly<Record<Kind, readonly Maker[]>> = {
  setting: [
    set,
    set,
    setConfig,
    (_, theme) => `SET TIME ZONE ${theme.setting === 'timezone' ? "'UTC+3'" : "'UTC+4'"}`,
    (random, theme) => (random.chance(0.15) ? setConfigByParameters(random) : set(random, theme)),
    (_, theme) => `SET LOCAL ${theme.assignment}`,
    (random) =>
      `SET SESSION CHARACTERISTICS AS TRANSACTION ${random.pick(['DEFERRABLE', 'ISOLATION LEVEL SERIALIZABLE'])}`,
  ],
  role: [
    (random) => `SET ROLE ${random.pick(['app', 'admin'])}`,
    (random) => `SET LOCAL ROLE ${random.pick(['app', 'admin'])}`,
    (random) => `SELECT set_config('role', ${random.pick(["'app'", "'none'"])}, false)`,
    () => 'SET SESSION AUTHORIZATION app',
    () => "SELECT set_config('session_authorization', 'app', false)",
  ],
  prepared: [(_, theme) => `PREPARE ${theme.name} AS SELECT 1`],
  listen: [(_, theme) => `LISTEN ${theme.name}`],
  temporary: [
    (_, theme) => theme.creation,
    (_, theme) => theme.creation,
    (_, theme) => theme.creation,
    temporaryPath,
    (_, theme) => `CREATE TEMP TABLE ${theme.name} (id int) ON COMMIT DROP`,
  ],
  lock: [
    lock,
    lock,
    (_, theme) => `SELECT pg_advisory_xact_lock(${theme.key})`,
    (random) => ({ sql: 'SELECT pg_advisory_lock($1)', values: [random.pick([1, 2])] }),
    (random, theme) => `SELECT pg_advisory_lock(${theme.key}) FROM generate_series(1, ${random.pick([2, 3])})`,
  ],
  cursor: [(_, theme) => `DECLARE ${theme.name} CURSOR WITH HOLD FOR SELECT 1`],
}

export function leaving(random: Random, theme: Theme): MadeStatement {
  const made = random.pick(makers[random.pick(theme.kinds)])(random, theme)
  return typeof made === 'string' ? { sql: made } : made
}

/** A search path in which a permanent object comes first, and such an object. */
function permanent(random: Random, theme: Theme): MadeStatement {
  return random.pick([
    { sql: `CREATE TABLE public.${theme.name} (id int)` },
    { sql: 'SET LOCAL search_path = public, pg_temp' },
    { sql: "SELECT set_config('search_path', 'public, pg_temp', true)" },
  ])
}

/** After it, each new object is temporary. */
function temporaryPath(random: Random, theme: Theme): MadeStatement {
  if (random.chance(0.3)) return permanent(random, theme)
  if (random.chance(0.3)) return { sql: `CREATE TABLE ${theme.name} (id int)` }
  const first = random.pick(['SET LOCAL search_path = pg_temp', "SELECT set_config('search_path', 'pg_temp', true)"])
  return { sql: `${first};\nCREATE TABLE ${theme.name} (id int)` }
}

function set(random: Random, theme: Theme): string {
  return `${random.pick(['SET', 'SET', 'SET SESSION'])} ${theme.assignment}`
}

function setConfig(random: Random, theme: Theme): string {
  const of = theme.setting
  const value = random.pick(["'1'", "'2'"])
  const isLocal = random.pick(['false', 'false', 'false', "'f'", 'NULL', 'true', '1 = 2'])
  const call = `set_config('${of.startsWith('app') ? of : 'app.a'}', ${value}, ${isLocal})`
  return random.chance(0.1) ? defined(random, call) : somewhere(random, call, certainty)
}

function setConfigByParameters(random: Random): MadeStatement {
  return random.pick<MadeStatement>([
    { sql: 'SELECT set_config($1, $2, $3)', values: ['app.a', '1', random.chance(0.1)] },
    { sql: "SELECT set_config('app.a', $1, $2)", values: ['1', random.chance(0.1)] },
    { sql: 'SELECT set_config($1, $2, false)', values: [random.pick(['app.a', 'app.b']), '1'] },
    { sql: 'SELECT set_config($1, $2, true)', values: ['app.a', '1'] },
  ])
}

function lock(random: Random, theme: Theme): string {
  const of = random.pick(['pg_advisory_lock', 'pg_advisory_lock', 'pg_advisory_lock_shared', 'pg_try_advisory_lock'])
  if (random.chance(0.05)) return takenAndFreed(random, theme.key)
  const call = `${of}(${theme.key})`
  return random.chance(0.1) ? defined(random, call) : somewhere(random, call, certainty)
}

/** A block that may fail between a lock and its unlock. */
function takenAndFreed(random: Random, key: string): string {
  const between = random.pick([
    'NULL',
    'PERFORM 1',
    'PERFORM 1 / 0',
    "RAISE EXCEPTION 'over'",
    'ASSERT false',
    'INSERT INTO perm VALUES (1)',
    'BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN NULL; END',
  ])
  return `DO $$ BEGIN PERFORM pg_advisory_lock(${key}); ${between}; PERFORM pg_advisory_unlock(${key}); END $$`
}
