import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createAnalyzer } from '../analyze/analyze.ts'
import { ownCopy } from './own-copy.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heldBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

test.each(['', 'SELECT 1', 'SELECT \u00ff', 'SELECT \u0100', 'SELECT \ud800', 'SELECT 😀'])(
  'a copy is the same text: %j',
  (text) => {
    expect(ownCopy(text)).toBe(text)
  },
)

test('the memory of a statement that was cut from a large text does not keep that text alive', () => {
  const analyze = createAnalyzer(1_048_576)
  const megabyte = 1_048_576
  const before = heldBytes()
  for (let index = 0; index < 200; index++) {
    const dump = `SELECT ${index} FROM orders;`.padEnd(megabyte, '-')
    analyze(dump.slice(0, dump.indexOf(';')))
    analyze(`SET a.b = ${index};`.padEnd(megabyte, '-').slice(0, 13 + String(index).length))
  }
  expect(heldBytes() - before).toBeLessThan(50 * megabyte)
})
