import { expect, it } from 'vitest'
import { describeUnused, merge, type DeclaredRecord } from './declared.ts'

const scope: DeclaredRecord = {
  by: 'scope',
  rules: ['session/set', 'session/listen'],
  reason: 'a',
  where: 'src/a.ts:1:1',
  unused: [],
}

it('takes a rule of an exception for unused where no file used it', () => {
  const files: DeclaredRecord[] = [
    { ...scope, unused: ['session/set', 'session/listen'] },
    { ...scope, unused: ['session/set'] },
  ]
  expect(merge(files)).toEqual([{ ...scope, unused: ['session/set'] }])
})

it('tells exceptions at different places apart', () => {
  const other = { ...scope, where: 'src/b.ts:1:1' }
  expect(merge([scope, other])).toEqual([scope, other])
})

it('says what allows too much, and where it stands', () => {
  expect(describeUnused({ ...scope, unused: ['session/set'] }, 'this file')).toMatch(
    /^allow\(…\) allows session\/set, and nothing was found in this file[^]*reason +a\n +by +src\/a\.ts:1:1\n +instead/,
  )
})
