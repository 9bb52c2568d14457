import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** A floor of the house: files and folders (with a slash), below `packages/`. */
interface Floor {
  readonly name: string
  readonly holds: readonly string[]
}

/**
 * The floors from the ground up. A file imports from its own floor and from lower ones, never from a higher one; a type
 * counts as well. docs/architecture.md describes each floor.
 */
const floors: readonly Floor[] = [
  {
    name: 'ground',
    holds: [
      'core/src/sql/',
      'core/src/measure/',
      'core/src/log/',
      'core/src/context.ts',
      'core/src/counted.ts',
      'core/src/errors.ts',
      'core/src/failure.ts',
      'core/src/shared.ts',
      'core/src/sql-state.ts',
      'core/src/thenable.ts',
    ],
  },
  { name: 'rules', holds: ['core/src/rules/', 'core/src/stack/', 'core/src/options.ts'] },
  {
    name: 'analysis',
    holds: ['core/src/analyze/', 'core/src/catalog/', 'core/src/rewrite/', 'core/src/poolers/', 'core/src/helpers/'],
  },
  { name: 'exceptions and checkout', holds: ['core/src/exceptions/', 'core/src/checkout/'] },
  { name: 'transaction and observe', holds: ['core/src/transaction/', 'core/src/observe/'] },
  { name: 'guard', holds: ['core/src/guard/'] },
  { name: 'faces of core', holds: ['core/src/index.ts', 'core/src/adapter.ts', 'core/src/internal.ts'] },
  {
    name: 'packages',
    holds: [
      'pg/src/',
      'kysely/src/',
      'postgres-js/src/',
      'metrics/src/',
      'http/src/',
      'testing/src/',
      'config/src/',
      'operate/src/',
    ],
  },
  { name: 'above the packages', holds: ['prisma/src/', 'register/src/'] },
  { name: 'command line', holds: ['cli/src/'] },
]

/** Packages import each other by name. An entry of a package is on the floor of the package. */
const packageNames = /^@poolsafe\/([\w-]+)/

/**
 * Returns each import that leads to a higher floor, as `file:line: floor → floor (imported file)`.
 *
 * @param sources the texts of files by their path below `packages/`
 */
function importsUpward(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, text]) => {
    const from = floorOf(file)
    return importsIn(text).flatMap(({ line, specifier }) => {
      const target = targetOf(file, specifier)
      if (target === undefined) return []
      const to = floorOf(target)
      if (to <= from && !isOtherPackage(file, target)) return []
      return [`${file}:${line}: ${floors[from]?.name} → ${floors[to]?.name} (${target})`]
    })
  })
}

/** Packages of one floor know nothing of each other. */
function isOtherPackage(file: string, target: string): boolean {
  const [one] = file.split('/')
  const [other] = target.split('/')
  return one !== other && floorOf(file) === floorOf(target)
}

/** @throws Error for a file that is on no floor: it needs a line in the table above */
function floorOf(file: string): number {
  const at = floors.findIndex(({ holds }) => holds.some((held) => file === held || isInside(file, held)))
  if (at < 0) throw new Error(`packages/${file} is on no floor; give it one in packages/core/src/floors.test.ts`)
  return at
}

function isInside(file: string, held: string): boolean {
  return held.endsWith('/') && file.startsWith(held)
}

/** Finds imports, exports from another file and types by `import('…')`; comments are left out. */
function importsIn(text: string): { readonly line: number; readonly specifier: string }[] {
  return text.split('\n').flatMap((words, index) => {
    if (/^\s*(?:\*|\/\*|\/\/)/.test(words)) return []
    return [...words.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, specifier = '']) => {
      return { line: index + 1, specifier }
    })
  })
}

/** Returns `undefined` for what is not ours. */
function targetOf(file: string, specifier: string): string | undefined {
  const [, name] = packageNames.exec(specifier) ?? []
  if (name !== undefined) return `${name}/src/${specifier.endsWith('/adapter') ? 'adapter' : 'index'}.ts`
  return specifier.startsWith('.') ? join(dirname(file), specifier) : undefined
}

const packages = join(import.meta.dirname, '../..')

function sourcesOfPackages(): Map<string, string> {
  const files = globSync('*/src/**/*.ts', { cwd: packages }).filter((file) => !file.endsWith('.test.ts'))
  return new Map(files.map((file) => [file, readFileSync(join(packages, file), 'utf8')]))
}

describe('the floors of the house', () => {
  const sources = sourcesOfPackages()

  it('are in every package', () => {
    const found = new Set([...sources.keys()].map(floorOf))
    expect(found.size).toBe(floors.length)
  })

  it('have no import that leads upward', () => {
    expect(importsUpward(sources)).toEqual([])
  })

  it('hold every file that is named in the table', () => {
    const files = [...sources.keys()]
    const named = floors.flatMap(({ holds }) => holds)
    expect(named.filter((held) => !files.some((file) => file === held || isInside(file, held)))).toEqual([])
  })
})

describe('the check of the floors', () => {
  const check = (file: string, text: string): string[] => importsUpward(new Map([[file, text]]))

  it('names the file, the line and both floors', () => {
    const text = "import { redact } from '../sql/redact.ts'\nimport { Guard } from '../guard/guard.ts'\n"
    expect(check('core/src/checkout/gate.ts', text)).toEqual([
      'core/src/checkout/gate.ts:2: exceptions and checkout → guard (core/src/guard/guard.ts)',
    ])
  })

  it.each([
    ["import type { Guard } from '../guard/guard.ts'", 'a type'],
    ["  type Guard,\n} from '../guard/guard.ts'", 'an import of several lines'],
    ["export { Guard } from '../guard/guard.ts'", 'an export'],
    ["type Made = import('../guard/guard.ts').Guard", 'a type that is imported in place'],
    ["const { Guard } = await import('../guard/guard.ts')", 'an import at run time'],
    ["import '../guard/guard.ts'", 'an import for its effects'],
    ["import { createGuard } from '@poolsafe/core'", 'the entry of its own package'],
    ["import type { Pool } from '@poolsafe/pg'", 'another package'],
  ])('finds %j: %s', (text) => {
    expect(check('core/src/rules/load.ts', text)).toHaveLength(1)
  })

  it.each([
    ['core/src/guard/guard.ts', "import { redact } from '../sql/redact.ts'", 'a lower floor'],
    ['core/src/checkout/gate.ts', "import type { Scope } from '../exceptions/scope.ts'", 'its own floor'],
    ['core/src/rules/load.ts', "import { parse } from 'pgsql-parser'", 'a dependency'],
    ['core/src/rules/load.ts', " * import { createGuard } from '@poolsafe/core'", 'an example in a comment'],
    ['prisma/src/index.ts', "import { guardPool } from '@poolsafe/pg'", 'a package below'],
    ['pg/src/index.ts', "import { Gate } from '@poolsafe/core/internal'", 'the face of core for the other packages'],
  ])('accepts, in %s, %j: %s', (file, text) => {
    expect(check(file, text)).toEqual([])
  })

  it('finds a package that imports another one of its floor', () => {
    expect(check('kysely/src/index.ts', "import { guardPool } from '@poolsafe/pg'")).toEqual([
      'kysely/src/index.ts:1: packages → packages (pg/src/index.ts)',
    ])
  })

  it('refuses a file that is on no floor', () => {
    expect(() => check('core/src/new/thing.ts', "import '../errors.ts'")).toThrow(
      'packages/core/src/new/thing.ts is on no floor',
    )
  })
})
