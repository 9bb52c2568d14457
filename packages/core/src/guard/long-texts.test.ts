import { describe, expect, test } from 'vitest'
import { send, watchedGuard } from '../../../../test/support/watched-guard.ts'
import { createGuard } from './guard.ts'

describe('texts of ten million characters', () => {
  const long = 10_000_000
  test.each([
    ['a long string', `SELECT '${'x'.repeat(long)}'`],
    ['a long list', `SELECT * FROM t WHERE id IN (${'1,'.repeat(long / 2)}1)`],
    ['a long insert', `INSERT INTO t VALUES ${'(1),'.repeat(long / 4)}(1)`],
    ['white space', ' '.repeat(long)],
    ['comments', '/**/'.repeat(long / 4)],
    ['quotes', "'".repeat(long)],
    ['double quotes', '"'.repeat(long)],
    ['semicolons', ';'.repeat(long)],
    ['a setting', `SET x = '${'x'.repeat(long)}'`],
    ['dollars', '$a$b'.repeat(long / 4)],
    ['locks', 'pg_advisory_lock(1),'.repeat(long / 20)],
  ])('are judged to their end: %s', (_name, sql) => {
    expect(send(watchedGuard().guard, sql)).toBeUndefined()
    const error = send(createGuard({ mode: 'strict' }), sql)
    expect((error?.message ?? '').length).toBeLessThan(2000)
  })
})
