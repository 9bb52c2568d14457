import { describe, expect, test } from 'vitest'
import { rules } from '../rules/index.ts'
import { scanSaysHarmless } from './analyze.ts'
import { detect } from './detect.ts'
import { ParseRefused, parse } from '../sql/parser.ts'

const noBreakSpace = '\u00a0'
const byteOrderMark = '\ufeff'
const examples = rules
  .flatMap(({ examples: { unsafe, safe } }) => [...unsafe, ...safe])
  .map((given) => (typeof given === 'string' ? given : given.sql))
const functionNames = rules.flatMap(({ functions }) => Object.keys(functions ?? {}))

type Mutation = (sql: string) => string

/** Texts that mean the same to PostgreSQL, or nearly so: it need not accept each of them. */
const mutations: Readonly<Record<string, Mutation>> = {
  'as it is': (sql) => sql,
  'in upper case': (sql) => sql.toUpperCase(),
  'in lower case': (sql) => sql.toLowerCase(),
  'in alternating case': (sql) =>
    Array.from(sql, (char, at) => (at % 2 === 0 ? char.toUpperCase() : char.toLowerCase())).join(''),
  'with tabs': (sql) => sql.replaceAll(' ', '\t'),
  'with line ends': (sql) => sql.replaceAll(' ', '\r\n'),
  'with form feeds and vertical tabs': (sql) => sql.replaceAll(' ', '\f\v'),
  'with no-break spaces': (sql) => sql.replaceAll(' ', noBreakSpace),
  'behind a no-break space': (sql) => noBreakSpace + sql,
  'behind a byte order mark': (sql) => byteOrderMark + sql,
  'behind white space': (sql) => ` \t\n\r\f\v${sql}`,
  'with comments for spaces': (sql) => sql.replaceAll(' ', '/**/'),
  'with comments that hold a semicolon for spaces': (sql) => sql.replaceAll(' ', '/* ; */'),
  'with line comments for spaces': (sql) => sql.replaceAll(' ', '-- select\n'),
  'behind a comment': (sql) => `/* select */${sql}`,
  'behind a nested comment': (sql) => `/* /* select */ ' " $$ */${sql}`,
  'behind a comment that opens twice': (sql) => `/*/* */ */${sql}`,
  'behind a line comment': (sql) => `-- select /*\n${sql}`,
  'behind a line comment that a carriage return ends': (sql) => `-- select\r${sql}`,
  'before an unterminated comment': (sql) => `${sql} /* ; select`,
  'before an unterminated string': (sql) => `${sql} 'select`,
  'before a line comment': (sql) => `${sql} -- select`,
  'in an unterminated comment': (sql) => `/* /* */ ${sql}`,
  'in parentheses': (sql) => `(${sql})`,
  'in two parentheses with comments': (sql) => `(/* a */( -- b\n${sql}))`,
  'behind a select': (sql) => `SELECT 1;${sql}`,
  'behind a select and comments': (sql) => `SELECT 1/* ; */;/* ; */${sql}`,
  'behind a string': (sql) => `SELECT 'it''s; ';${sql}`,
  'behind an escape string': (sql) => `SELECT E'it\\'s; ';${sql}`,
  'behind a string that ends with a backslash': (sql) => `SELECT '\\';${sql}`,
  'behind a dollar quote': (sql) => `SELECT $a$ ' $$ ; $a$;${sql}`,
  'behind a quoted name': (sql) => `SELECT 1 AS "a""; '";${sql}`,
  'behind nothing': (sql) => `;;${sql}`,
  'before a select': (sql) => `${sql};SELECT 1`,
  'before semicolons': (sql) => `${sql}; ;;`,
  'as a part of WITH': (sql) => `WITH it AS (${sql}) SELECT 1`,
  'as a subquery': (sql) => `SELECT * FROM (${sql}) AS it`,
  'as a condition': (sql) => `DELETE FROM t WHERE EXISTS (${sql})`,
  'as a value': (sql) => `INSERT INTO t VALUES ((${sql})) RETURNING id`,
  'in a union': (sql) => `VALUES (1) UNION ALL ${sql}`,
  'explained and run': (sql) => `EXPLAIN (COSTS, ANALYZE) ${sql}`,
  'with quoted functions': (sql) => renamed(sql, (name) => `"${name}"`),
  'with qualified functions': (sql) =>
    renamed(sql.replaceAll('pg_catalog.', ''), (name) => `"pg_catalog" /* . */ . ${name}`),
  'with escaped functions': (sql) =>
    renamed(sql, (name) => `U&"\\00${name.charCodeAt(0).toString(16)}${name.slice(1)}"`),
  'with functions in an escape of its own': (sql) =>
    renamed(sql, (name) => `u&"!00${name.charCodeAt(0).toString(16)}${name.slice(1)}" UESCAPE '!'`),
  'with functions in upper case': (sql) => renamed(sql, (name) => name.toUpperCase()),
  'with functions behind a comment': (sql) => renamed(sql, (name) => `${name}/* ( */`),
}

function renamed(sql: string, rename: (name: string) => string): string {
  return sql.replace(new RegExp(`\\b(?:${functionNames.join('|')})\\b(?=\\()`, 'g'), rename)
}

/** Asks PostgreSQL's parser whether anything in a text touches the session or the transaction. */
function touchesSession(sql: string): boolean {
  try {
    return parse(sql).some((statement) => detect(statement).length > 0 || 'TransactionStmt' in statement)
  } catch (error) {
    if (error instanceof ParseRefused) return false
    throw error
  }
}

describe('the scan', () => {
  test.each(Object.entries(mutations))('calls no example harmless that touches the session: %s', (_name, mutate) => {
    const missed = examples.map(mutate).filter((sql) => scanSaysHarmless(sql) && touchesSession(sql))
    expect(missed).toEqual([])
  })

  test('is put to the test: nearly every mutation leaves texts that touch the session', () => {
    const idle = Object.entries(mutations).filter(([, mutate]) => !examples.map(mutate).some(touchesSession))
    expect(idle.map(([name]) => name)).toEqual([
      // To PostgreSQL these are letters of a name, a syntax error at this place, or text that never ends.
      'behind a no-break space',
      'behind a byte order mark',
      'before an unterminated comment',
      'before an unterminated string',
      'in an unterminated comment',
    ])
  })

  test.each([
    'SELECT * FROM users WHERE id = $1',
    "  /* a */ select 'LISTEN a'",
    '((SELECT 1) UNION (SELECT 2))',
    'INSERT INTO users (name) VALUES ($1) RETURNING id;',
    'WITH a AS (SELECT 1) UPDATE t SET b = 2 FROM a',
    'TABLE users',
    `SELECT 1;${' \n'.repeat(100)}`,
  ])('spares the parser %s', (sql) => {
    expect(scanSaysHarmless(sql)).toBe(true)
  })

  test.each([
    '',
    ' ',
    ';',
    '/*',
    '--',
    '(',
    'sel',
    'selected',
    '\u017felect 1',
    `SELECT 1;${noBreakSpace}SET x = 1`,
    '1',
    '\0SELECT 1',
  ])('does not vouch for %j', (sql) => {
    expect(scanSaysHarmless(sql)).toBe(false)
  })

  test('reads texts of ten million characters to their end', () => {
    const long = 10_000_000
    expect(scanSaysHarmless(`SELECT '${'x'.repeat(long)}'`)).toBe(true)
    expect(scanSaysHarmless(`SELECT '${'x'.repeat(long)}', pg_advisory_lock(1)`)).toBe(false)
    expect(scanSaysHarmless(`SELECT 1;${' '.repeat(long)}`)).toBe(true)
    expect(scanSaysHarmless(`SELECT 1;${' '.repeat(long)}SET x = 1`)).toBe(false)
    expect(scanSaysHarmless(`${'/*'.repeat(long / 2)}SELECT 1`)).toBe(false)
    expect(scanSaysHarmless(`${'('.repeat(long)}SELECT 1`)).toBe(true)
    expect(scanSaysHarmless(';'.repeat(long))).toBe(false)
  })
})
