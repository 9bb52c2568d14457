import { rules } from '@poolsafe/core'
import { describe, expect, it } from 'vitest'
import { unsafe } from '../../../../test/corpus/unsafe.ts'
import { mayTouchSessions } from './prefilter.ts'

const examples = rules.flatMap((rule) =>
  rule.examples.unsafe.flatMap((text) => (typeof text === 'string' ? [text] : [])),
)
const texts = [...new Set([...examples, ...Object.values(unsafe).flatMap((all) => all.map(({ sql }) => sql))])]

/** Ways to write a text in code. */
const ways: Readonly<Record<string, (sql: string) => string>> = {
  'in a template': (sql) => `await pool.query(\`${sql}\`)`,
  'in single quotes': (sql) => `await pool.query('${sql}')`,
  'with indented lines': (sql) => `await pool.query(\`\n    ${sql.replaceAll(' ', '\n\t')}\n  \`)`,
  'with escaped line ends': (sql) => String.raw`await pool.query("\n${sql.replaceAll(' ', String.raw`\n`)}")`,
  'with more blanks': (sql) => `await pool.query(\`  ${sql.replaceAll(' ', '  \t ')}\`)`,
  'with comments': (sql) => `await pool.query(\`/* a */ ${sql.replaceAll(' ', '/* a */')}\`)`,
  'in upper case': (sql) => `await pool.query(\`${sql.toUpperCase()}\`)`,
  'in lower case': (sql) => `await pool.query(\`${sql.toLowerCase()}\`)`,
  'behind another statement': (sql) => `await pool.query(\`SELECT 1; ${sql}\`)`,
  'behind a hole': (sql) => `await pool.query(\`\${a}${sql}\`)`,
  'behind a comment of SQL': (sql) => `await pool.query(\`-- a\n${sql}\`)`,
  'in a list of statements': (sql) => `await pool.query([\`${sql.replace(' ', " ' , '")}\`].join(''))`,
  'as a concatenation': (sql) => `await pool.query('${sql.replace(' ', " ' + '")}')`,
  'as a concatenation over lines': (sql) => `await pool.query('${sql.replace(' ', " '\n  + '")}')`,
  'in PL/pgSQL': (sql) => `await pool.query(\`DO $$ BEGIN ${sql}; END $$\`)`,
  'behind EXPLAIN': (sql) => `await pool.query('EXPLAIN (ANALYZE, COSTS OFF) ${sql}')`,
  'beside a character that is not ASCII': (sql) => `await pool.query(\`SELECT 'é→'; ${sql}\`)`,
}

describe('the prefilter', () => {
  it.each(Object.keys(ways))('finds every unsafe text %s', (way) => {
    expect(texts.filter((sql) => !mayTouchSessions(ways[way]?.(sql) ?? ''))).toEqual([])
  })

  it.each([
    'class A { set value(next) { this.b = next } }',
    'class A { set "~standard"(value: B) {} }',
    "declare module 'fastify' {}\ndeclare const a: string\ndeclare function b(): void",
    "it('listen twice on the same port', () => {})",
    "const help = 'Close other heavy programs'",
    "const help = 'Load more of them'\nconst other = 'Move to the left'",
    "import set from './set'\nset = new Set()",
    '  execute = (values) => this.run(values)',
    '  fetch = async (url) => get(url)',
    'const lastValue = a.lastValue()',
    "throw new Error('fetch failed for an unknown reason')",
    'const how = `Set "browser.path" to false or remove it`',
    'UPDATE a\n  SET b = c WHERE d',
    "const how = 'Set the path of the file'",
    '// polls for updates, ready for shared use',
    "emit('begin the work')",
    'ALTER TABLE a ALTER COLUMN b\n  SET NOT NULL;',
  ])('leaves out %j', (source) => {
    expect(mayTouchSessions(source)).toBe(false)
  })

  it('takes no more than a few nanoseconds for a byte of a text that repeats the start of a statement', () => {
    const hostile = [
      'set ',
      'set\n',
      '"set ',
      'declare ',
      'for update',
      "'begin ",
      'explain ',
      'temp ',
      String.raw`\nset `,
    ]
    for (const text of hostile) expect(mayTouchSessions(text.repeat(200_000 / text.length))).toBeTypeOf('boolean')
  })
})
