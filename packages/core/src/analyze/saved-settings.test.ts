import { describe, expect, it } from 'vitest'
import { analyzeRoutine } from './stored.ts'

const reach = { effectsOf: () => ({ effects: [] }), mentions: () => false }

/** Lists the settings that a routine leaves or clears: `leaves app.a, clears app.a`. */
function effectsOf(declare: string, statements: string, args = ''): string {
  const definition = `CREATE FUNCTION f(${args}) RETURNS void LANGUAGE plpgsql AS $$ ${declare} BEGIN ${statements} END $$`
  return analyzeRoutine(definition, reach)
    .effects.map(({ does, object }) => `${does} ${object}`)
    .join(', ')
}

const change = "PERFORM set_config('app.a', 'x', false);"
const restore = "PERFORM set_config('app.a', old, false);"
const restored = 'leaves app.a, clears app.a'
const changed = 'leaves app.a, leaves app.a'

describe('a setting is put back', () => {
  it.each([
    ["DECLARE old text := current_setting('app.a', true);", ''],
    ["DECLARE old text DEFAULT coalesce(current_setting('app.a', true), '');", ''],
    ['DECLARE old text;', "old := current_setting('APP.a', true);"],
    ['DECLARE old text;', "SELECT current_setting('app.a', true) INTO old;"],
    ['DECLARE n int; old text;', "SELECT count(*), pg_catalog.current_setting('app.a', true) INTO n, old FROM t;"],
  ])('that was saved by %s %s', (declare, save) => {
    expect(effectsOf(declare, `${save} ${change} ${restore}`)).toBe(restored)
  })

  it('around a block with handlers', () => {
    const declare = "DECLARE old text := current_setting('app.a', true);\n"
    expect(effectsOf(declare, `${change} BEGIN PERFORM 1; EXCEPTION WHEN others THEN NULL; END; ${restore}`)).toBe(
      restored,
    )
  })

  it('with COALESCE', () => {
    const declare = "DECLARE old text := current_setting('app.a', true);"
    const back = "PERFORM set_config('app.a', coalesce(old, ''), false);"
    expect(effectsOf(declare, `${change} ${back}`)).toBe(restored)
  })
})

describe('a setting is not put back', () => {
  it.each([
    ['a comparison', '', "IF old = current_setting('app.a', true) THEN PERFORM 1; END IF;", 'old text'],
    ['a comparison in a query', '', "PERFORM 1 FROM t WHERE old = current_setting('app.a', true);", 'old text'],
    ['a comment', "DECLARE old text := 'y'; -- old := current_setting('app.a', true)\n", '', ''],
    ['a literal', `DECLARE old text := 'old := current_setting(''app.a'', true)';`, '', ''],
    ['another variable', "DECLARE old text; other text := current_setting('app.a', true);", '', ''],
    ['another setting', "DECLARE old text := current_setting('app.b', true);", '', ''],
    ['another value later', "DECLARE old text := current_setting('app.a', true);", "old := 'y';", ''],
    ['a loop', "DECLARE old text := current_setting('app.a', true);", 'FOR old IN SELECT id FROM t LOOP END LOOP;', ''],
    ['a default of the caller', '', '', "old text DEFAULT current_setting('app.a', true)"],
  ])('because of %s', (_, declare, statements, args) => {
    expect(effectsOf(declare, `${statements} ${change} ${restore}`, args)).toBe(changed)
  })

  it.each(["old := current_setting('app.a', true);", "SELECT current_setting('app.a', true) INTO old;"])(
    'that was saved too late: %s',
    (save) => {
      expect(effectsOf('DECLARE old text;', `${change} ${save} ${restore}`)).toBe(changed)
    },
  )

  it('that an inner block saves too late', () => {
    const inner = `DECLARE old text := current_setting('app.a', true); BEGIN ${restore} END;`
    expect(effectsOf('', `${change} ${inner}`)).toBe(changed)
    expect(effectsOf('', `${change}\n${inner}`)).toBe(changed)
  })
})
