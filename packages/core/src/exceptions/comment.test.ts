import { engineOf } from '../guard/brand.ts'
import { describe, expect, test } from 'vitest'
import { parse } from '../sql/parser.ts'
import { createGuard } from '../guard/guard.ts'
import { InvalidCommentError, readComments } from './comment.ts'

const said = { rules: ['session/set'], reason: 'a reason' }

describe('a comment allows', () => {
  test.each([
    '/* poolsafe-allow session/set: a reason */ SET x = 1',
    'SET x = 1 /*poolsafe-allow session/set:a reason*/',
    'SET x = 1 -- poolsafe-allow session/set: a reason',
    '--poolsafe-allow session/set : a reason \nSET x = 1',
    '-- another comment\n/* and one */ SET /* poolsafe-allow session/set: a reason */ x = 1',
    "SET x = 'it''s' /* poolsafe-allow session/set: a reason */",
    'SET "a b" = $$x$$ -- poolsafe-allow session/set: a reason\r',
    "SELECT set_config('x', $1, 2*/* poolsafe-allow session/set: a reason */3)",
  ])('what it names, in %j', (sql) => {
    expect(readComments(sql)).toEqual({ exceptions: [said], problem: undefined })
  })

  test('several rules', () => {
    const { exceptions } = readComments(
      '/* poolsafe-allow session/set,session/listen: both: on purpose */ SET x = 1; LISTEN a',
    )
    expect(exceptions).toEqual([{ rules: ['session/set', 'session/listen'], reason: 'both: on purpose' }])
  })

  test('the rules that each of several comments names', () => {
    const { exceptions } = readComments(
      '/* poolsafe-allow session/set: a */ SET x = 1; LISTEN a -- poolsafe-allow session/listen: b',
    )
    expect(exceptions.map(({ reason }) => reason)).toEqual(['a', 'b'])
  })
})

describe('nothing is allowed by', () => {
  const text = '/* poolsafe-allow session/set: a reason */'
  test.each([
    ['a string', `SET x = '${text}'`],
    ['a string with a quote', `SET x = 'it''s ${text}'`],
    ['a string with a backslash', `SET x = 'a\\' ${text} '`],
    ['a string of escapes', `SET x = E'a\\' ${text} '`],
    ['a comment behind a string with a backslash, whose end nobody knows', `SET x = 'a\\' ${text}`],
    ['a dollar-quoted string', `SET x = $$ ${text} $$`],
    ['a tagged string', `SET x = $a$ $$ ${text} $a$`],
    ['a string that begins in a name, as JavaScript reads it', `SELECT \u00a0$a$, ' $a$ ${text} '`],
    ['a quoted name', `SET "${text}" = 1`],
    ['the inner comment of another', `SET x = 1 /* a comment ${text} */`],
    ['a comment that says more', 'SET x = 1 /* write poolsafe-allow session/set: a reason */'],
    ['a longer word', 'SET x = 1 /* poolsafe-allowed session/set: a reason */'],
    ['an unfinished comment', 'SET x = 1 /* poolsafe-allow session/set: a reason'],
    ['a line comment in a string', "SET x = '\n-- poolsafe-allow session/set: a reason\n'"],
  ])('%s', (_name, sql) => {
    expect(readComments(sql)).toEqual({ exceptions: [], problem: undefined })
  })
})

describe('texts of every kind', () => {
  const pieces = ["'", "''", "E'", '"', '""', '$$', '$a$', '$1', 'a', ' ', '\n', '\r', '/*', '*/', '--', '\\']
  const more = [
    'U&"',
    "U&'",
    "X'",
    '\u00a0',
    '\u00e9',
    '1',
    '.',
    ',',
    '+',
    '*',
    '/',
    '-',
    '$',
    '\u2028',
    '\ufeff',
    '\v',
    'b$',
    '1e',
    ';',
  ]
  const all = pieces.concat(more)

  /** The same texts in each run: a linear congruential generator. */
  function* texts(count: number): Generator<(comment: string) => string> {
    let seed = 7
    const below = (limit: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7f_ff_ff_ff
      return (seed >> 8) % limit
    }
    const some = (): string => Array.from({ length: below(6) }, () => all[below(all.length)]).join('')
    for (let index = 0; index < count; index++) {
      const [before, after, isLine] = [some(), some(), below(3) === 0]
      yield (reason) => `SELECT ${before}${isLine ? `-- ${reason}\n` : `/* ${reason} */`}${after}`
    }
  }

  /** Asks PostgreSQL how it reads a text; `undefined` if PostgreSQL refuses it. */
  function meaningOf(sql: string): string | undefined {
    try {
      return JSON.stringify(parse(sql), (key, value: unknown) => (/location|stmt_len/.test(key) ? undefined : value))
    } catch {
      return undefined
    }
  }

  test('allow nothing where PostgreSQL reads the words as anything but a comment', () => {
    let allowing = 0
    for (const make of texts(20_000)) {
      const sql = make('poolsafe-allow session/set: a reason')
      if (readComments(sql).exceptions.length === 0) continue
      const meaning = meaningOf(sql)
      if (meaning === undefined) continue
      allowing++
      expect(meaningOf(make('another text')), JSON.stringify(sql)).toBe(meaning)
    }
    expect(allowing).toBeGreaterThan(500)
  })
})

describe('a comment in the wrong form', () => {
  test.each([
    ['poolsafe-allow session/sett: a reason', "there is no rule 'session/sett': did you mean 'session/set'?"],
    ['poolsafe-allow session/set, nothing: a reason', "there is no rule 'nothing'"],
    ['poolsafe-allow secret of mine: a reason', 'what stands before the colon is not the id of a rule'],
    ['poolsafe-allow session/set, : a reason', 'it names no rule'],
    ['poolsafe-allow: a reason', 'it names no rule'],
    ['poolsafe-allow', 'it names no rule'],
    ['poolsafe-allow session/set:', 'it gives no reason'],
    ['poolsafe-allow session/set: ', 'it gives no reason'],
    ['poolsafe-allow session/set', 'it gives no reason'],
    ['poolsafe-allow toString: a reason', "there is no rule 'toString'"],
  ])('allows nothing and says why: %s', (comment, problem) => {
    const read = readComments(`/* ${comment} */ SET x = 'secret'`)
    expect(read.exceptions).toEqual([])
    expect(read.problem).toBeInstanceOf(InvalidCommentError)
    expect(read.problem?.message.split('\n')).toEqual([
      `a comment poolsafe-allow allows nothing: ${problem}`,
      '  statement  SET x = ?',
      '  instead    /* poolsafe-allow session/set: why it is safe here */, or the same behind --; several rules with commas between them',
      '  docs       node_modules/@poolsafe/core/docs/exceptions.md',
    ])
  })

  function send(
    mode: 'warn' | 'strict',
    sql: string,
  ): { error: Error | undefined; logged: string[]; refused: boolean[] } {
    const logged: string[] = []
    const refused: boolean[] = []
    const guard = createGuard({ mode, logger: { warn: (message) => void logged.push(message) } })
    guard.on('finding', (event) => void refused.push(event.refused))
    const once = (): Error | undefined =>
      engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: true }, send)
    return { error: [once(), once()][0], logged, refused }
  }

  test('is thrown in strict mode, and the finding is told', () => {
    const { error, refused } = send('strict', '/* poolsafe-allow session/sett: a reason */ SET x = 1')
    expect(error).toBeInstanceOf(InvalidCommentError)
    expect(refused).toEqual([true, true])
  })

  test('is logged once in warn mode, beside the finding', () => {
    const { error, logged } = send('warn', '/* poolsafe-allow session/set */ SET x = 1')
    expect(error).toBeUndefined()
    expect(logged.map((message) => message.split('\n')[0])).toEqual([
      '[poolsafe] a comment poolsafe-allow allows nothing: it gives no reason',
      '[poolsafe] SET x stays on a server connection that other clients use next (session/set)',
    ])
  })
})

describe('texts of ten million characters', () => {
  const long = 10_000_000
  test.each([
    ['comments', '/* poolsafe-allow */'.repeat(long / 20)],
    ['one comment', `/* poolsafe-allow ${'x'.repeat(long)} */`],
    ['a list of rules', `/* poolsafe-allow ${'x,'.repeat(long / 2)} */`],
    ['blanks that are letters', `poolsafe-allow ${'\u00a0'.repeat(long)}`],
  ])('are read to their end: %s', (_name, sql) => {
    expect(readComments(sql).exceptions).toEqual([])
  })
})
