import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'tsup'
import { checkSameInBoth } from './check-same-in-both.ts'
import { embedParser, leaveParserFilesOut } from './embed-parser.ts'
import { keepModulesApart } from './keep-modules-apart.ts'
import { packDocs } from './pack-docs.ts'

// Builds the package of the working folder: JavaScript by tsup, declarations by tsc (TypeScript 7 has no API that
// tsup's own could use).

interface Manifest {
  readonly name: string
  /** Commands, each with its file below `dist`. */
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>
}

const repository = join(import.meta.dirname, '../../..')
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const targets = Object.values(manifest.exports).filter((target) => typeof target === 'object')
const commands = Object.values(manifest.bin ?? {}).map((path) => path.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts'))
const entries = [...targets.map((target) => String(target['@poolsafe/source'])), ...commands]
const commonJsEntries = targets.flatMap((target) => ('require' in target ? [String(target['@poolsafe/source'])] : []))

/** Options for both module systems. */
const options = { target: 'node22.12', shims: true, sourcemap: true, silent: true, config: false } as const

// Splitting keeps one copy of each module, so every entry exports the same error classes.
await build({
  ...options,
  entry: entries,
  format: 'esm',
  splitting: true,
  clean: true,
  esbuildPlugins: [leaveParserFilesOut],
})
if (manifest.name === '@poolsafe/core') embedParser('dist')

// For CommonJS, tsup's splitting runs sucrase, which turns a class field into an assignment to the export of the same
// name. So esbuild converts each module of the ESM build here.
const modules = modulesOf(commonJsEntries.map((entry) => `dist/${basename(entry, '.ts')}.js`))
const convertible = modules.filter((file) => file !== 'dist/parser-files.js')
await build({ ...options, entry: convertible, format: 'cjs', clean: false, esbuildPlugins: [keepModulesApart] })

await checkSameInBoth(modules)

execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const file of globSync('dist/**/*.d.ts')) {
  writeFileSync(file.replace(/\.d\.ts$/, '.d.cts'), toCommonJs(readFileSync(file, 'utf8')))
}

packDocs(manifest.name, repository)

/** The entries, and every module of the package that they import. */
function modulesOf(roots: readonly string[]): string[] {
  const found = new Set(roots)
  for (const file of found) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/"\.\/([^"/]+\.js)"/g)) found.add(`dist/${name}`)
  }
  return [...found]
}

/**
 * The declarations of a module as CommonJS sees it. TypeScript takes `./x.ts` for the ES module `x.d.ts`, `./x.cjs` for
 * `x.d.cts`; what both of them import from other packages is resolved by the file it stands in.
 */
function toCommonJs(declarations: string): string {
  return declarations.replaceAll(/(\b(?:from|import) ?\(?)(['"])(\.{1,2}\/[^'"\n]+)\.ts\2/g, '$1$2$3.cjs$2')
}
