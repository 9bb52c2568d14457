import { expect, test } from 'vitest'
import { formatCallSite } from './call-site.ts'

test.each([
  ['    at Server.<anonymous> (file:///app/src/http.ts:16:62)', 'Server.<anonymous> (/app/src/http.ts:16:62)'],
  ['    at TestContext.<anonymous> (/app/test/a.test.ts:3:9)', 'TestContext.<anonymous> (/app/test/a.test.ts:3:9)'],
  ['    at Object.<anonymous> (/app/main.cjs:1:1)', 'Object.<anonymous> (/app/main.cjs:1:1)'],
  ['    at async pay (/app/src/orders.ts:12:14)', 'pay (/app/src/orders.ts:12:14)'],
])('a callback without a name has a place: %s', (frame, shown) => {
  expect(formatCallSite(`Error\n    at new Promise (<anonymous>)\n    at Array.map (<anonymous>)\n${frame}`)).toBe(
    shown,
  )
})

test.each([
  '    at new Promise (<anonymous>)',
  '    at <anonymous>:1:7',
  '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  '    at Client.query (/app/node_modules/pg/lib/client.js:1:1)',
])('what is not of the application has none: %s', (frame) => {
  expect(formatCallSite(`Error\n${frame}`)).toBeUndefined()
})
