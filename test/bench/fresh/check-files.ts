import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { poolers } from '@poolsafe/core'
import { observeFiles } from '../../../packages/cli/src/check/cache/observed.ts'
import { ScanCache } from '../../../packages/cli/src/check/cache/scan-cache.ts'
import { parseCode } from '../../../packages/cli/src/check/code/syntax.ts'
import { Scanner } from '../../../packages/cli/src/check/scan.ts'

// Prints what it takes to check the code of installed libraries, or to parse all of it: the seconds of CPU time, and
// the highest memory of the process. First argument: `check` or `parse`; with `check`, the second may be the folder of
// a cache.

const modules = resolve(import.meta.dirname, '../../../node_modules/.pnpm')
const libraries =
  '{kysely,drizzle-orm,knex,@nestjs+,@opentelemetry+,@hono+,fastify,express,rxjs,vitest,zod,hono,pg,postgres}*'
const files = globSync(`${libraries}/node_modules/**/*.{js,mjs,ts}`, { cwd: modules })
  .filter((path) => !/\.d\.ts$|\.min\.js$/.test(path))
  .map((path) => join(modules, path))
  .filter((path) => readFileSync(path).length < 1_000_000)

const before = process.cpuUsage()
const [, , what, cacheFolder] = process.argv
if (what === 'check') check()
else for (const path of files) parse(path)
const { user, system } = process.cpuUsage(before)
console.log(
  JSON.stringify({
    files: files.length,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
)

function check(): void {
  const request = { cwd: modules, poolers: [poolers.strictest()], tags: new Set<string>(), migrations: [] }
  const cache = cacheFolder === undefined ? undefined : new ScanCache(cacheFolder, request)
  if (cache?.find(files) !== undefined) return
  const observed = observeFiles()
  const scanner = new Scanner(request)
  const output = scanner.scanAll(files)
  cache?.save(files, output, { plain: scanner.plain, observed })
}

/** Some files are for tests of parsers. */
function parse(path: string): void {
  try {
    parseCode(path, readFileSync(path, 'utf8'))
  } catch {
    // A text that cannot be parsed takes no time.
  }
}
