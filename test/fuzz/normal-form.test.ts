import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { parseAndAnalyze } from '../../packages/core/src/analyze/analyze.ts'
import { normalise } from '../../packages/core/src/sql/normalise.ts'
import { generate } from './generate.ts'

const texts = 20_000

test('the analysis of the normal form of a text is that of the text itself: statements, effects, objects, telltales', () => {
  const changed = Array.from({ length: texts }, (_, index) => generate(1, index)).filter(
    (sql) => normalise(sql) !== sql,
  )
  expect(changed.length).toBeGreaterThan(texts / 20)
  const judgedOtherwise = changed.filter(
    (sql) => !isDeepStrictEqual(parseAndAnalyze(normalise(sql)), parseAndAnalyze(sql)),
  )
  expect(judgedOtherwise).toEqual([])
})
