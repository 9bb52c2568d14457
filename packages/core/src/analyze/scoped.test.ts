import { describe, expect, it } from 'vitest'
import { analyzeRoutine } from './stored.ts'

const reach = { effectsOf: () => ({ effects: [] }), mentions: () => false }

/** Lists the effects that remain of a routine that returns rows: `leaves`, `clears`. */
function effectsOf(statements: string): string[] {
  const definition = `CREATE FUNCTION f(flag boolean) RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN ${statements} END $$`
  return analyzeRoutine(definition, reach).effects.map(({ does, isUncertain }) => (isUncertain ? `${does}?` : does))
}

const lock = 'PERFORM pg_advisory_lock(1);'
const unlock = 'PERFORM pg_advisory_unlock(1);'

describe('a lock around', () => {
  it.each([
    'RETURN QUERY SELECT 1;',
    "RETURN QUERY EXECUTE 'SELECT 1';",
    'RETURN NEXT 1;',
    'FOR i IN 1..2 LOOP RETURN NEXT i; END LOOP;',
    'IF flag THEN RETURN QUERY SELECT 1; ELSE RETURN NEXT 2; END IF;',
  ])('%s is free at the end, since the function goes on', (rows) => {
    expect(effectsOf(`${lock} ${rows} ${unlock}`)).toEqual(['leaves', 'clears'])
  })

  it.each(['IF flag THEN RETURN; END IF;', 'IF flag THEN RETURN QUERY SELECT 1; RETURN; END IF;'])(
    '%s may stay',
    (exit) => {
      expect(effectsOf(`${lock} ${exit} ${unlock}`)).toEqual(['leaves', 'clears?'])
    },
  )
})
