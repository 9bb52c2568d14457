import { expect, test } from 'vitest'
import { normalise } from '../../packages/core/src/analyze/normalise.ts'
import { generate } from './generate.ts'
import { judgeByTree } from './verdict.ts'

const texts = 20_000

test('the normal form of a text is judged as the text itself', () => {
  const changed = Array.from({ length: texts }, (_, index) => generate(1, index)).filter((sql) => normalise(sql) !== sql)
  expect(changed.length).toBeGreaterThan(texts / 20)
  const judgedOtherwise = changed.filter((sql) => JSON.stringify(judgeByTree(normalise(sql))) !== JSON.stringify(judgeByTree(sql)))
  expect(judgedOtherwise).toEqual([])
})
