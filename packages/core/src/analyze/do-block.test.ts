import { describe, expect, test } from 'vitest'
import { createGuard } from '../guard/guard.ts'
import { effectsIn } from './analysis.ts'
import { analyze } from './analyze.ts'

const lock = 'pg_advisory_lock(1)'
const many = 1000

function rulesOf(sql: string): string[] {
  return [...new Set(effectsIn(analyze(sql)).map(({ rule }) => rule))]
}

function block(body: string, declared = ''): string {
  return `DO $do$ DECLARE i int; r record; a int[]; ${declared} BEGIN ${body} END $do$`
}

describe('statements that a DO block executes', () => {
  test.each([
    block(`PERFORM ${lock};`),
    block(`i := ${lock};`),
    block(`i = ${lock};`),
    block(`a[(SELECT 1 FROM ${lock})] := 1;`),
    block(`SELECT 1 INTO i FROM ${lock};`),
    block(`IF ${lock} IS NULL THEN NULL; END IF;`),
    block(`IF true THEN NULL; ELSIF ${lock} IS NULL THEN NULL; END IF;`),
    block(`IF true THEN NULL; ELSE PERFORM ${lock}; END IF;`),
    block(`CASE WHEN ${lock} IS NULL THEN NULL; END CASE;`),
    block(`CASE i WHEN 1 THEN PERFORM ${lock}; ELSE NULL; END CASE;`),
    block(`WHILE ${lock} IS NULL LOOP NULL; END LOOP;`),
    block(`FOR n IN 1..(SELECT 1 FROM ${lock}) LOOP NULL; END LOOP;`),
    block(`FOR r IN SELECT ${lock} LOOP NULL; END LOOP;`),
    block(`FOREACH i IN ARRAY ARRAY[${lock}] LOOP NULL; END LOOP;`),
    block(`LOOP EXIT WHEN ${lock} IS NULL; END LOOP;`),
    block(`RAISE NOTICE '%', ${lock};`),
    block(`ASSERT ${lock} IS NULL;`),
    block(`CALL work(${lock}::text);`),
    block(`BEGIN NULL; EXCEPTION WHEN OTHERS THEN PERFORM ${lock}; END;`),
    block('NULL;', `n int := ${lock};`),
    block('NULL;', `c CURSOR FOR SELECT ${lock};`),
    block(`OPEN c FOR SELECT ${lock};`, 'c refcursor;'),
    block(`EXECUTE 'SELECT ${lock}';`),
    block(`EXECUTE 'SELECT $1' USING ${lock};`),
    block(`FOR r IN EXECUTE 'SELECT ${lock}' LOOP NULL; END LOOP;`),
    block(`OPEN c FOR EXECUTE 'SELECT ${lock}';`, 'c refcursor;'),
    block(`DO 'BEGIN PERFORM ${lock}; END';`),
    `DO 'BEGIN PERFORM ${lock}; END'`,
    `DO LANGUAGE plpgsql 'BEGIN PERFORM ${lock}; END'`,
    `SELECT 1; DO $$BEGIN PERFORM ${lock}; END$$`,
    `DO 'BEGIN PERFORM $block$ $block$, ${lock}; END'`,
  ])('is judged: %s', (sql) => {
    expect(rulesOf(sql)).toEqual(['session/advisory-lock'])
    expect(analyze(sql).undecided).toBeUndefined()
  })

  test.each([
    [block("SET work_mem = '1MB';"), 'session/set'],
    [block('CREATE TEMP TABLE t (a int);'), 'session/temp-object'],
    [block("PERFORM set_config('a.b', 'c', false);"), 'session/set-config'],
    [block('LISTEN orders;'), 'session/listen'],
    [block("LOAD 'auto_explain';"), 'session/load'],
    [block('SET ROLE postgres;'), 'session/role'],
  ])('is judged by every rule: %s', (sql, rule) => {
    expect(rulesOf(sql)).toEqual([rule])
  })
})

describe('a DO block is a transaction', () => {
  test.each([
    block("SET LOCAL work_mem = '1MB'; PERFORM set_config('a.b', 'c', true);"),
    block("PERFORM nextval('s'); i := currval('s');"),
    block('CREATE TEMP TABLE t (a int) ON COMMIT DROP;'),
    block('CREATE TEMP TABLE t (a int); DROP TABLE t;'),
    block(`PERFORM pg_advisory_xact_lock(1);`),
    block(`RAISE NOTICE '${lock}'; /* ${lock} */`),
    block('ALTER TABLE t ADD COLUMN IF NOT EXISTS a int;'),
    block('i := 1; r := NULL; a[1] := 2;', 't pg_class%ROWTYPE; n orders.id%TYPE; s my.type;'),
    block(
      "INSERT INTO t VALUES (1); COMMIT; BEGIN PERFORM 1/0; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE 'x'; END;",
    ),
  ])('that leaves nothing: %s', (sql) => {
    expect(createGuard({ mode: 'strict' }).inspect(sql).findings).toEqual([])
  })
})

describe('texts that no parser can read', () => {
  test.each([
    [block("EXECUTE 'SET x.y = ' || i;"), 'a dynamic EXECUTE in a DO block'],
    [block("EXECUTE format('SET x.y = %L', i);"), 'a dynamic EXECUTE in a DO block'],
    [block('FOR r IN EXECUTE i::text LOOP NULL; END LOOP;'), 'a dynamic EXECUTE in a DO block'],
    ["DO LANGUAGE plpython3u 'pass'", 'a DO block in another language than plpgsql'],
    ["DO 'BEGIN nonsense'", 'a DO block that was not understood'],
  ])('is undecided: %s', (sql, reason) => {
    const { findings } = createGuard({ mode: 'strict' }).inspect(sql)
    expect(findings.map(({ rule, message }) => [rule, message])).toEqual([
      ['statement/undecided', `a statement that cannot be judged (${reason}) may leave session state behind`],
    ])
  })

  test('does not hide what can be read', () => {
    const { findings } = createGuard().inspect(block(`PERFORM ${lock}; EXECUTE i::text;`))
    expect(findings.map(({ rule }) => rule)).toEqual(['session/advisory-lock', 'statement/undecided'])
  })

  test('leaves the parser as it was', () => {
    for (let times = 0; times < many; times++) analyze("DO 'BEGIN nonsense'")
    analyze(`DO '${'BEGIN '.repeat((many * many) / 10)}'`)
    expect(rulesOf(block(`PERFORM ${lock};`))).toEqual(['session/advisory-lock'])
  })
})
