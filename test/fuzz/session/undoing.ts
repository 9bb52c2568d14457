import type { Random } from '../random.ts'
import { perhapsInBlock, somewhere } from './positions.ts'
import type { Kind, MadeStatement } from './transaction.ts'
import type { Theme } from './words.ts'

type Maker = (random: Random, theme: Theme) => MadeStatement | string

/** The share of statements that take state back in a place where they surely run. */
const certainty = 0.5

/** Statements that take session state back, or look like it. */
const makers: Readonly<Record<Kind, readonly Maker[]>> = {
  setting: [
    (random, theme) => perhapsInBlock(random, reset(random, theme), certainty),
    (random, theme) => perhapsInBlock(random, reset(random, theme), certainty),
    (random, theme) =>
      somewhere(random, `set_config('${theme.setting}', NULL, ${random.pick(['false', 'false', 'true'])})`, certainty),
    (random, theme) => (random.chance(0.2) ? byParameters(random) : reset(random, theme)),
    () => 'DISCARD ALL',
  ],
  role: [
    (random) =>
      perhapsInBlock(
        random,
        random.pick(['RESET ROLE', 'SET ROLE NONE', 'SET LOCAL ROLE NONE', 'RESET ALL']),
        certainty,
      ),
    (random) =>
      perhapsInBlock(
        random,
        random.pick(['RESET SESSION AUTHORIZATION', 'SET SESSION AUTHORIZATION DEFAULT']),
        certainty,
      ),
    (random) =>
      somewhere(
        random,
        `set_config('role', ${random.pick(['NULL', "'none'"])}, ${random.pick(['false', 'true'])})`,
        certainty,
      ),
  ],
  prepared: [
    (random, theme) =>
      perhapsInBlock(random, random.chance(0.15) ? 'DEALLOCATE ALL' : `DEALLOCATE ${theme.name}`, certainty),
  ],
  listen: [
    (random, theme) => perhapsInBlock(random, random.chance(0.15) ? 'UNLISTEN *' : `UNLISTEN ${theme.name}`, certainty),
  ],
  temporary: [
    (random, theme) => perhapsInBlock(random, drop(random, theme), certainty),
    (random, theme) => perhapsInBlock(random, drop(random, theme), certainty),
    (random, theme) => perhapsInBlock(random, drop(random, theme), certainty),
    (random) => random.pick(['DISCARD TEMP', 'DISCARD PLANS']),
  ],
  lock: [
    unlock,
    unlock,
    unlock,
    (random) => ({ sql: 'SELECT pg_advisory_unlock($1)', values: [random.pick([1, 2])] }),
    (random) => somewhere(random, 'pg_advisory_unlock_all()', certainty),
  ],
  cursor: [(random, theme) => (random.chance(0.15) ? 'CLOSE ALL' : `CLOSE ${theme.name}`)],
}

export function undoing(random: Random, theme: Theme): MadeStatement {
  const made = random.pick(makers[random.pick(theme.kinds)])(random, theme)
  return typeof made === 'string' ? { sql: made } : made
}

function reset(random: Random, theme: Theme): string {
  const of = theme.setting
  if (of === 'timezone' && random.chance(0.5))
    return random.pick([
      'RESET TIME ZONE',
      'SET TIME ZONE DEFAULT',
      'SET TIME ZONE LOCAL',
      'SET LOCAL TIME ZONE DEFAULT',
    ])
  return random.pick([`RESET ${of}`, `RESET ${of}`, `SET ${of} TO DEFAULT`, `SET LOCAL ${of} TO DEFAULT`, 'RESET ALL'])
}

function byParameters(random: Random): MadeStatement {
  return random.pick<MadeStatement>([
    { sql: "SELECT set_config('app.a', $1, false)", values: [null] },
    { sql: 'SELECT set_config($1, NULL, $2)', values: [random.pick(['app.a', 'app.b']), random.chance(0.5)] },
    { sql: 'SELECT set_config($1, NULL, false)', values: [random.pick(['app.a', 'app.b'])] },
  ])
}

function drop(random: Random, theme: Theme): string {
  const ifExists = random.chance(0.5) ? 'IF EXISTS ' : ''
  const schema = random.pick(['', '', 'pg_temp.', 'public.'])
  const others = random.chance(0.1) ? `, ${theme.name}` : ''
  return `DROP ${theme.class} ${ifExists}${schema}${theme.name}${others}`
}

function unlock(random: Random, theme: Theme): string {
  return somewhere(
    random,
    `${random.pick(['pg_advisory_unlock', 'pg_advisory_unlock', 'pg_advisory_unlock_shared'])}(${theme.key})`,
    certainty,
  )
}
