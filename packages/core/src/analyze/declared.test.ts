import { describe, expect, it } from 'vitest'
import { DeclaredText } from './declared.ts'
import { toExecuted, toStatement } from './expression-text.ts'

describe('the text of a routine', () => {
  const text = new DeclaredText(`
    DECLARE
      -- c ALIAS FOR $9; limit_of app.small := 9;
      v ALIAS FOR $1; "W" Alias /* of */ For $2;
      limit_of app.small NOT NULL /* = 8 */ := f(';', 1);
      other app.small DEFAULT 'x ALIAS FOR $8';
      none app.small;
    BEGIN
      none := 5;
    END`)

  it('has aliases of parameters', () => {
    expect([...text.aliases()]).toEqual([
      ['v', 1],
      ['W', 2],
    ])
  })

  it.each([
    ['limit_of', "f(';', 1)"],
    ['other', "'x ALIAS FOR $8'"],
    ['none', undefined],
    ['missing', undefined],
  ])('has the declared value of %s', (name, value) => {
    expect(text.valueOf(name)?.trim()).toBe(value)
  })
})

describe('an assignment of PL/pgSQL', () => {
  it.each([
    ['x := 1', 'SELECT  1', 'SELECT x ,  1'],
    ['"x =" /* = */ = f(\'=\')', "SELECT  f('=')", 'SELECT "x =" /* = */ ,  f(\'=\')'],
    ['x[f(a = b)] := 1', 'SELECT x[f(a = b)] ,  1', 'SELECT x[f(a = b)] ,  1'],
  ])('%s', (query, executed, statement) => {
    expect(toExecuted({ query, parseMode: 3 })).toBe(executed)
    expect(toStatement({ query, parseMode: 3 })).toBe(statement)
  })
})
