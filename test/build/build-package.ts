import { execFileSync } from 'node:child_process'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'tsup'
import { packDocs } from './pack-docs.ts'

// Builds the package of the working folder: JavaScript by tsup, declarations by tsc (TypeScript 7 has no API that tsup's own could use).

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>
}

const repository = join(import.meta.dirname, '../..')
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest
const entries = Object.values(manifest.exports).flatMap((target) => {
  return typeof target === 'string' ? [] : [String(target['@poolsafe/source'])]
})

await build({
  entry: entries,
  format: ['esm', 'cjs'],
  target: 'node22.12',
  // One copy of each module, also in CommonJS: an error class must be the same one whichever entry it came through.
  splitting: true,
  shims: true,
  clean: true,
  sourcemap: true,
  silent: true,
  config: false,
})

execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
for (const file of globSync('dist/**/*.d.ts')) {
  writeFileSync(file.replace(/\.d\.ts$/, '.d.cts'), toCommonJs(readFileSync(file, 'utf8')))
}

packDocs(manifest.name, repository)

/**
 * The declarations of a module as CommonJS sees it. TypeScript takes `./x.ts` for the ES module `x.d.ts`, `./x.cjs` for `x.d.cts`;
 * what both of them import from other packages is resolved by the file it stands in.
 */
function toCommonJs(declarations: string): string {
  return declarations.replaceAll(/(\b(?:from|import) ?\(?)(['"])(\.{1,2}\/[^'"\n]+)\.ts\2/g, '$1$2$3.cjs$2')
}
