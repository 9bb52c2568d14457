import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { catalogOf, setting, shopCatalog } from '../../../../test/support/catalog.ts'
import { InvalidOptionError } from '../errors.ts'
import { createGuard } from '../guard/guard.ts'
import type { GuardOptions } from '../guard/options.ts'

const folder = mkdtempSync(join(tmpdir(), 'poolsafe-catalog-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function written(text: string): string {
  const path = join(folder, 'c.json')
  writeFileSync(path, text)
  return path
}

const routine = { schema: 'public', name: 'f', least: 0, most: 0, leaves: [setting()] }
const wrong = (value: unknown): unknown => catalogOf(value as object)

describe('a catalog', () => {
  it('is read from a file', () => {
    const guard = createGuard({ catalog: written(JSON.stringify(shopCatalog)) })
    expect(guard.inspect('SELECT hide_set()').findings).toHaveLength(1)
  })

  it.each<[string, unknown, string]>([
    ['a path without a file', join(folder, 'missing.json'), 'it cannot be read (ENOENT)'],
    ['a folder', folder, 'it cannot be read (EISDIR)'],
    ['no text and no object', 7, 'this is something else'],
    ['null', null, 'this is something else'],
    ['a list', [], 'this is something else'],
    ['another file of JSON', { name: 'app', version: '1.0.0' }, 'this is something else'],
    [
      'a newer version',
      wrong({ version: 2 }),
      'its version is 2, and this poolsafe reads 1; write it again with poolsafe audit --write',
    ],
    ['a version that is a text', wrong({ version: '1' }), 'its version is not a number'],
    ['no list', wrong({ routines: {} }), 'routines must be a list'],
    ['a missing part', { format: 'poolsafe.catalog', version: 1 }, 'writtenAt must be a text'],
    ['a routine that is null', wrong({ routines: [null] }), 'routines[0] must be an object'],
    [
      'a count that is none',
      wrong({ routines: [{ ...routine, most: -1 }] }),
      'routines[0].most must be a whole number',
    ],
    [
      'a rule that does not exist',
      wrong({ routines: [{ ...routine, leaves: [{ ...setting(), rule: 'toString' }] }] }),
      'routines[0].leaves[0].rule names a rule that does not exist here',
    ],
    [
      'a use that does not exist',
      wrong({ relations: [{ schema: 'a', name: 'b', hooks: [{ use: 'drop', leaves: [] }] }] }),
      'relations[0].hooks[0].use must be one of select',
    ],
  ])('is refused at construction: %s', (_, catalog, message) => {
    const make = (): unknown => createGuard({ catalog } as GuardOptions)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(message)
  })

  it('is refused if the file is no JSON, without showing it', () => {
    const path = written('postgresql://user:secret@db')
    expect(() => createGuard({ catalog: path })).toThrow('it is no JSON')
    expect(() => createGuard({ catalog: path })).not.toThrow('secret')
  })
})
