import { describe, expect, test } from 'vitest'
import { effectsIn } from '../analyze/analysis.ts'
import { analyze } from '../analyze/analyze.ts'
import { ParseRefused, ParseTooComplex, maxParseLength, parse } from './parser.ts'

const megabytes10 = 10_000_000

function nested(open: string, inner: string, close: string, depth: number): string {
  return `SELECT set_config('a.b', 'c', false), ${open.repeat(depth)}${inner}${close.repeat(depth)}`
}

/** Each gives a tree, is refused or is beyond the parser: nothing else may happen. */
const hostile: Readonly<Record<string, string>> = {
  'ten million characters': `SET x = '${'a'.repeat(megabytes10)}'`,
  'ten million semicolons': ';'.repeat(megabytes10),
  'an endless comment': `SET x = 1 /* ${'/*'.repeat(megabytes10 / 2)}`,
  'the longest text that is parsed': `SET x = '${'a'.repeat(maxParseLength - 10)}'`,
  'the longest text, in characters of three bytes': `SET x = '${'€'.repeat(maxParseLength - 10)}'`,
  'a NUL byte': "SET x = 'a\0b'",
  'NUL bytes alone': '\0\0\0',
  'a lone high surrogate': "SET x = '\ud800'",
  'a lone low surrogate': "SET x = '\udc00'",
  'surrogates the wrong way round': "SET x = '\udc00\ud800'",
  'a lone surrogate at the end': 'SET x = \ud800',
  '10,000 parentheses': nested('(', '1', ')', 10_000),
  '100,000 parentheses': nested('(', '1', ')', 100_000),
  '3,000 operators': nested('1 + ', '1', '', 3000),
  '3,000 negations': nested('not ', 'true', '', 3000),
  '30,000 negations': nested('not ', 'true', '', 30_000),
  '3,000 casts': nested('', '1', '::int', 3000),
  '3,000 functions': nested('f(', '1', ')', 3000),
  '3,000 subqueries': nested('(SELECT ', '1', ')', 3000),
  '3,000 cases': nested('CASE WHEN true THEN ', '1', ' END', 3000),
  '3,000 arrays': nested('ARRAY[', '1', ']', 3000),
  'an unterminated string': "SET x = 'a",
  'an unterminated escape string': "SET x = E'a\\'",
  'an unterminated name': 'SET "x = 1',
  'an unterminated dollar quote': 'SET x = $a$ 1 $$',
  'an unterminated comment': 'SET x = 1 /* /* */',
  'an escape that is none': "SET x = U&'\\zzzz'",
  'nothing at all': '',
}

describe('the parser', () => {
  test.each(Object.entries(hostile))('survives %s, and works on', (_name, sql) => {
    const exitCode = process.exitCode
    try {
      expect(Array.isArray(parse(sql))).toBe(true)
    } catch (error) {
      expect(error instanceof ParseRefused || error instanceof ParseTooComplex).toBe(true)
    }
    expect(() => analyze(sql)).not.toThrow()
    expect(process.exitCode).toBe(exitCode)
    expect(effectsIn(analyze('SET x = 1'))).toHaveLength(1)
  })

  test.each(['3,000 operators', '3,000 negations', '3,000 casts'])('finds the effect beside %s', (name) => {
    expect(effectsIn(analyze(hostile[name] ?? '')).map(({ rule }) => rule)).toEqual(['session/set-config'])
  })

  test('says of a text that is too long that it could not be judged', () => {
    expect(analyze(`SET x = 1;${' '.repeat(maxParseLength)}`)).toMatchObject({
      steps: [],
      undecided: expect.stringContaining('longer than'),
    })
  })

  test('says of a text that is nested too deeply that it could not be judged', () => {
    expect(analyze(nested('(SELECT ', '1', ')', 3000))).toMatchObject({ steps: [], undecided: 'nested too deeply' })
  })

  test('leaves to the server what is no SQL', () => {
    expect(() => parse('SET SET SET')).toThrow(ParseRefused)
    expect(effectsIn(analyze('SET SET SET'))).toEqual([])
  })

  test('swallows no character behind a lone surrogate, which drivers send as one of its own', () => {
    for (const surrogate of ['\ud800', '\udc00']) {
      expect(effectsIn(analyze(`SELECT '${surrogate}'; SET x = 1`))).toHaveLength(1)
    }
  })

  test('gives the same tree after ten thousand texts', () => {
    const first = parse('SET x = 1')
    for (let round = 0; round < 10_000; round++) parse(`SELECT ${round}`)
    expect(parse('SET x = 1')).toEqual(first)
  })
})
