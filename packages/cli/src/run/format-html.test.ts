import { expect, test } from 'vitest'
import { formatHtml } from './format-html.ts'
import type { Summary } from './summary.ts'

const nothing: Summary = {
  processes: [],
  statements: 0,
  findings: [],
  slow: [],
  repeated: [],
  waits: { count: 0, longestMillis: 0 },
  problems: [],
  unreached: [],
}

const hostile = `<script>alert("a & 'b'")</script>`

test('a page without findings says so', () => {
  expect(formatHtml(nothing)).toContain('<p class="ok">no findings in 0 statements of 0 processes</p>')
})

test('a page has every part, and escapes every text', () => {
  const sent = { statement: hostile, operation: hostile, place: hostile, count: 2 }
  const page = formatHtml({
    processes: [{ pid: 1, threadId: 3, script: hostile, statements: 2, usesPostgres: true }],
    statements: 2,
    findings: [{ rule: 'session/set', message: hostile, instead: hostile, count: 2, places: [sent] }],
    slow: [{ ...sent, millis: 1234.5 }],
    repeated: [{ ...sent, millis: 12 }],
    waits: { count: 3, longestMillis: 456 },
    problems: [{ kind: 'leak', message: hostile, count: 1 }],
    unreached: [hostile],
  })
  expect(page).not.toContain('<script')
  expect(page.match(/&#60;script&#62;alert\(&#34;a &#38; &#39;b&#39;&#34;\)/g)).toHaveLength(14)
  for (const title of ['Slow statements', 'Repeated statements', 'Waits for a connection', 'Problems', 'Not guarded'])
    expect(page).toContain(`<h2>${title}</h2>`)
  for (const text of ['1235 ms', '456 ms', '2 findings in 2 statements of 1 process']) expect(page).toContain(text)
})
