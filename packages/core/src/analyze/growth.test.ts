import { describe, expect, test } from 'vitest'
import { withoutComments } from '../sql/comments.ts'
import { maxParseLength } from '../sql/parser.ts'
import { Shape } from '../observe/shape/shape.ts'
import { formOf } from '../observe/shape/shape-form.ts'
import { settle } from '../transaction/settle.ts'
import { autocommit } from '../transaction/state.ts'
import { parseAndAnalyze } from './analyze.ts'

// Forms that took quadratic time: between 0.6 s and 75 s at this length, and far less than a second of CPU since.

/** As many repetitions as the parser takes. */
function repeated(part: (index: number) => string, start = '', end = ''): string {
  const parts = [start]
  for (let index = 0, length = start.length + end.length; ; index++) {
    const next = part(index)
    length += next.length
    if (length > maxParseLength) return parts.join('') + end
    parts.push(next)
  }
}

function nestedBlocks(depth: number): string {
  let text = 'SET a.b = 1'
  for (let level = 0; level < depth; level++) text = `DO $q${level}$BEGIN ${text}; END$q${level}$`
  return text
}

const half = (text: string): string => text.slice(0, text.lastIndexOf(';', maxParseLength / 2) + 1)

const forms: Readonly<Record<string, string>> = {
  'EXECUTE of nothing': repeated(() => 'EXECUTE a;'),
  'EXECUTE of what the text prepares': repeated(() => 'EXECUTE a;', 'PREPARE a AS SELECT 1;'),
  'EXECUTE of a statement with many effects':
    half(repeated(() => 'lastval(),', 'PREPARE a AS SELECT ', '1;').slice(0, maxParseLength / 2)) +
    half(repeated(() => 'EXECUTE a;')),
  'settings, each with another name': repeated((index) => `SET a.x${index}=1;`),
  'settings, and RESET of others':
    half(repeated((index) => `SET a.x${index}=1;`)) + half(repeated((index) => `RESET a.y${index};`)),
  'partial rollbacks behind many settings':
    half(repeated((index) => `SET a.x${index}=1;`, 'BEGIN;')) +
    half(repeated((index) => `SET b.x${index}=1;ROLLBACK TO s;`, 'SAVEPOINT s;')),
  'savepoints inside each other': repeated((index) => `SAVEPOINT s${index};SET a.x${index}=1;`, 'BEGIN;'),
  'partial rollbacks to savepoints that are not there':
    half(repeated((index) => `SAVEPOINT s${index};`, 'BEGIN;')) + half(repeated((index) => `ROLLBACK TO t${index};`)),
  'releases of the oldest of many savepoints': repeated((index) => `SAVEPOINT s${index};RELEASE t;`, 'BEGIN;'),
  'savepoints around a lock': repeated(
    (index) => `SAVEPOINT s${index};`,
    'BEGIN;SELECT * FROM t;SELECT pg_advisory_lock(1);',
  ),
  'definitions, and calls of a long function':
    `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN ${'PERFORM lastval();'.repeat(4000)} END $f$;` +
    half(repeated((index) => `CREATE VIEW v${index} AS SELECT f();SELECT f();`)),
  'definitions that name each other': repeated(
    (index) => `CREATE VIEW v${index + 1} AS TABLE v${index};TABLE v${index};`,
    'CREATE VIEW v0 AS SELECT lastval();',
  ),
  'a table that is altered and filled': repeated(
    () => 'ALTER TABLE t ADD CHECK (lastval()>0) NOT VALID;INSERT INTO t VALUES (1);',
  ),
  'calls of lastval in one statement': repeated(() => 'lastval(),', 'SELECT ', '1'),
  'DO blocks inside each other': nestedBlocks(2000),
  'functions inside each other, as the keys of locks': `SELECT ${`pg_advisory_lock(${'abs('.repeat(900)}1${')'.repeat(900)}),`.repeat(25)}1`,
  'empty comments': repeated(() => '/**/', 'SET a.b=1 '),
  'comments that begin and never end': repeated(() => '/*', 'SET a.b=1 '),
}

function cpuMillis(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('work grows no faster than the text', () => {
  test.each(Object.entries(forms))('%s', (_name, sql) => {
    const millis = cpuMillis(() => settle(parseAndAnalyze(sql), { sql }, autocommit))
    expect(millis).toBeLessThan(2500)
  })

  test.each(['a', '"a".', 'from ', '(a'])('the shape of 4,000 characters of %j', (part) => {
    const sql = `SELECT ${part.repeat(4000 / part.length)}`
    const millis = cpuMillis(() => {
      for (let round = 0; round < 20; round++) expect(new Shape(formOf(sql)).fingerprint).toHaveLength(16)
    })
    expect(millis / 20).toBeLessThan(30)
  })
})

describe('a bound', () => {
  test('on DO blocks inside each other says that what is deeper was not judged', () => {
    expect(parseAndAnalyze(nestedBlocks(8))).toMatchObject({ steps: [{ effects: [{ what: 'SET a.b' }] }] })
    expect(parseAndAnalyze(nestedBlocks(9))).toMatchObject({
      steps: [],
      undecided: 'more than 8 DO blocks inside each other',
    })
  })

  test('on what EXECUTE adds keeps what was found up to there', () => {
    const sql = `PREPARE a AS SELECT ${'lastval(), '.repeat(1000)}1;${'EXECUTE a;'.repeat(11)}`
    const { steps, undecided } = parseAndAnalyze(sql)
    expect(undecided).toBe('EXECUTE adds more than 10000 effects')
    expect(steps[0]?.effects[0]?.what).toBe('PREPARE')
  })

  test('on what is followed to the COMMIT takes the rest for left', () => {
    const settings = (count: number): string =>
      Array.from({ length: count }, (_, index) => `SET a.x${index} = 1;`).join('')
    expect(settle(parseAndAnalyze(`BEGIN;${settings(256)}ROLLBACK`), { sql: '' }, autocommit).due).toEqual([])
    expect(settle(parseAndAnalyze(`BEGIN;${settings(257)}ROLLBACK`), { sql: '' }, autocommit).due).toHaveLength(1)
    expect(settle(parseAndAnalyze(`BEGIN;${settings(256)}SET a.x0 = 2;ROLLBACK`), { sql: '' }, autocommit).due).toEqual(
      [],
    )
  })

  test('on what a text defines and runs takes large scripts that touch no session state', () => {
    const tables = (index: number): string =>
      `CREATE TABLE t${index} (id int REFERENCES t0 DEFAULT (1)); INSERT INTO t${index} VALUES (1);`
    const script = `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ${Array.from({ length: 500 }, (_, index) => tables(index)).join('')} SET a.b = 1`
    expect(parseAndAnalyze(script)).toMatchObject({
      steps: [{ effects: [], creates: true }, { effects: [{ what: 'SET a.b' }] }],
    })
    expect(parseAndAnalyze(script).undecided).toBeUndefined()
  })

  test('on comments there is none', () => {
    expect(withoutComments(`SET a.b = 1${'/**/'.repeat(50_000)}`)).toHaveLength(200_011)
  })
})
