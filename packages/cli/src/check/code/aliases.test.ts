import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'

type Files = Readonly<Record<string, string>>

const queries = "export const path = 'SET search_path = a'\n"
const using = (module: string): string => `import { path } from '${module}'\nawait pool.query(path)\n`
const paths = (options: object, more: object = {}): string => JSON.stringify({ compilerOptions: options, ...more })

async function check(files: Files, ...args: readonly string[]): Promise<string> {
  const { out } = await runCli(['check', '--format', 'concise', ...args], { cwd: writeProject(files) })
  return out.replaceAll(/: error: .*/g, '')
}

const followed: Readonly<Record<string, Files>> = {
  'paths of tsconfig.json, with comments': {
    'tsconfig.json': '{\n// aliases\n"compilerOptions": { "paths": { "@/*": ["./src/*"], }, },\n}',
    'src/db/queries.ts': queries,
    'src/a.ts': using('@/db/queries'),
  },
  'an exact path, and the longest pattern': {
    'tsconfig.json': paths({ paths: { '*': ['./none/*'], q: ['./src/db/queries'], '@/*': ['./none/*'] } }),
    'src/db/queries.ts': queries,
    'src/a.ts': using('q'),
  },
  'the second target, below baseUrl': {
    'tsconfig.json': paths({ baseUrl: './src', paths: { '~/*': ['none/*', 'db/*'] } }),
    'src/db/queries/index.ts': queries,
    'src/a.ts': using('~/queries'),
  },
  'baseUrl alone': {
    'tsconfig.json': paths({ baseUrl: '.' }),
    'src/db/queries.ts': queries,
    'src/a.ts': using('src/db/queries.js'),
  },
  'a configuration that is extended': {
    'tsconfig.base.json': paths({ paths: { '@app/*': ['./libs/*/src/index.ts'] } }),
    'apps/api/tsconfig.json': paths({ strict: true }, { extends: '../../tsconfig.base' }),
    'libs/queries/src/index.ts': queries,
    'apps/api/src/a.ts': using('@app/queries'),
  },
  'a configuration that is referred to': {
    'tsconfig.json': JSON.stringify({ files: [], references: [{ path: './tsconfig.app.json' }] }),
    'tsconfig.app.json': paths({ paths: { '@/*': ['./src/*'] } }),
    'src/db/queries.ts': queries,
    'src/a.ts': using('@/db/queries'),
  },
  'jsconfig.json, by require': {
    'jsconfig.json': paths({ paths: { '@/*': ['./src/*'] } }),
    'src/db/queries.js': "module.exports = { path: 'SET search_path = a' }\n",
    'src/a.js': "\nconst { path } = require('@/db/queries'); pool.query(path)\n",
  },
  '$lib of SvelteKit, whose configuration is generated': {
    'tsconfig.json': JSON.stringify({ extends: './.svelte-kit/tsconfig.json' }),
    'src/lib/server/queries.ts': queries,
    'src/a.ts': using('$lib/server/queries'),
  },
  'imports of package.json': {
    'package.json': JSON.stringify({ imports: { '#db/*.js': { types: './src/db/*.d.ts', default: './src/db/*.js' } } }),
    'src/db/queries.ts': queries,
    'src/a.ts': using('#db/queries.js'),
  },
  'imports of package.json that lead to what is built': {
    'package.json': JSON.stringify({ imports: { '#queries': './dist/queries.js' } }),
    'src/queries.ts': queries,
    'src/a.ts': using('#queries'),
  },
  'a module that passes it on': {
    'tsconfig.json': paths({ paths: { '@/*': ['./src/*'] } }),
    'src/db/queries.ts': queries,
    'src/db/index.ts': "export * from '@/db/queries'\n",
    'src/a.ts': using('@/db'),
  },
}

const silent: Readonly<Record<string, Files>> = {
  'a package': { 'tsconfig.json': paths({ paths: { '@/*': ['./src/*'] } }), 'src/a.ts': using('queries') },
  'a nearer configuration without the alias': {
    'tsconfig.json': paths({ paths: { '@/*': ['./src/*'] } }),
    'src/db/queries.ts': queries,
    'src/tsconfig.json': paths({}),
    'src/a.ts': using('@/db/queries'),
  },
  'imports of a package around its own': {
    'package.json': JSON.stringify({ imports: { '#queries': './src/db/queries.ts' } }),
    'src/db/queries.ts': queries,
    'packages/a/package.json': '{}',
    'packages/a/a.ts': using('#queries'),
  },
  'configurations that extend each other': {
    'tsconfig.json': JSON.stringify({ extends: './b.json' }),
    'b.json': JSON.stringify({ extends: './tsconfig.json' }),
    'src/a.ts': using('@/db/queries'),
  },
  'a configuration that is no JSON': { 'tsconfig.json': '{ "paths"', 'src/a.ts': using('@/db/queries') },
}

describe('an import by an alias is followed', () => {
  it.each(Object.entries(followed))('%s', async (_, files) => {
    expect(await check(files)).toMatch(/^[\w/]*a\.[jt]s:2:/)
  })
})

describe('nothing is followed by', () => {
  it.each(Object.entries(silent))('%s', async (_, files) => {
    expect(await check(files)).toBe('')
  })
})

it('many configurations that refer to each other take no long time', async () => {
  const all = Array.from({ length: 60 }, (_, index) => ({ path: `../p${index}` }))
  const projects = all.map(({ path }) => [`packages/x/${path}/tsconfig.json`, JSON.stringify({ references: all })])
  const files = { 'packages/p0/a.ts': using('@/db/queries'), ...Object.fromEntries(projects) }
  expect(await check(files)).toBe('')
})

it('an alias that is new counts with --cache too', async () => {
  const cwd = writeProject({ 'src/db/queries.ts': queries, 'src/a.ts': using('@/db/queries') })
  const cached = ['check', '--format', 'concise', '--cache-location', join(cwd, '.cache-of-check')]
  expect((await runCli(cached, { cwd })).out).toBe('')
  writeFileSync(join(cwd, 'tsconfig.json'), paths({ paths: { '@/*': ['./src/*'] } }))
  expect((await runCli(cached, { cwd })).out).toContain('src/a.ts:2:')
})
