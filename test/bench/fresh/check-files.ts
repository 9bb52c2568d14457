import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { poolers } from '@poolsafe/core'
import { parseCode } from '../../../packages/cli/src/check/code/syntax.ts'
import { Scanner } from '../../../packages/cli/src/check/scan.ts'

// Prints what it takes to check the code of installed libraries, or to parse all of it: the seconds of CPU time, and the
// highest memory of the process. First argument: `check` or `parse`.

const modules = resolve(import.meta.dirname, '../../../node_modules/.pnpm')
const libraries =
  '{kysely,drizzle-orm,knex,@nestjs+,@opentelemetry+,@hono+,fastify,express,rxjs,vitest,zod,hono,pg,postgres}*'
const files = globSync(`${libraries}/node_modules/**/*.{js,mjs,ts}`, { cwd: modules })
  .filter((path) => !/\.d\.ts$|\.min\.js$/.test(path))
  .map((path) => join(modules, path))
  .filter((path) => readFileSync(path).length < 1_000_000)

const before = process.cpuUsage()
if (process.argv[2] === 'check') check()
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
  const scanner = new Scanner({ cwd: modules, poolers: [poolers.strictest()], tags: new Set(), migrations: [] })
  for (const path of files) scanner.scan(path)
  scanner.scanImporters()
}

/** Some files are for tests of parsers. */
function parse(path: string): void {
  try {
    parseCode(path, readFileSync(path, 'utf8'))
  } catch {
    // What cannot be parsed takes no time.
  }
}
