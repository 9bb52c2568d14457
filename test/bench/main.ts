import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkOutCommit, type Checkout } from './against.ts'
import type { Benchmark, BenchmarkOptions } from './benchmark.ts'
import { acquire } from './benchmarks/acquire.ts'
import { approaches } from './benchmarks/approaches.ts'
import { catalog } from './benchmarks/catalog.ts'
import { check } from './benchmarks/check.ts'
import { firstSight } from './benchmarks/first-sight.ts'
import { growth } from './benchmarks/growth.ts'
import { importTime } from './benchmarks/import.ts'
import { kysely } from './benchmarks/kysely.ts'
import { memory } from './benchmarks/memory.ts'
import { movedCheckout } from './benchmarks/moved.ts'
import { observeKysely, observePg, observePrisma, observeTexts } from './benchmarks/observe.ts'
import { parser } from './benchmarks/parser.ts'
import { pgBenchmark, pgHitPath, repairBenchmark } from './benchmarks/pg.ts'
import { postgresJs } from './benchmarks/postgres-js.ts'
import { prisma } from './benchmarks/prisma.ts'
import { variants } from './benchmarks/variants.ts'
import { describeInstructionCounter } from './instructions.ts'
import { reportAsJson, reportAsTable, type Result } from './report.ts'

// npm run bench -- [--only pg,kysely] [--quick] [--json] [--separate] [--against <commit>]
// README.md explains the rows. A missed budget is not an error.

const benchmarks: readonly Benchmark[] = [
  pgHitPath,
  repairBenchmark,
  pgBenchmark,
  acquire,
  movedCheckout,
  kysely,
  prisma,
  postgresJs,
  observePg,
  observeKysely,
  observePrisma,
  observeTexts,
  firstSight,
  catalog,
  growth,
  parser,
  importTime,
  memory,
  variants,
  approaches,
  check,
]

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: benchmarks.map(({ name }) => name).join() },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    separate: { type: 'boolean', default: false },
    against: { type: 'string' },
  },
})

const repository = join(import.meta.dirname, '../..')
const chosen = values.only.split(',').map(find)
const checkout = values.against === undefined ? undefined : await checkOut(values.against)
try {
  const results = await runAll()
  const run = { against: values.against, instructions: await describeInstructionCounter() }
  console.log(values.json ? reportAsJson(results, run) : reportAsTable(results, run))
} finally {
  await checkout?.remove()
}

async function runAll(): Promise<Result[]> {
  const options: BenchmarkOptions = {
    quick: values.quick,
    separate: values.separate,
    tree: repository,
    ...(checkout !== undefined && { before: checkout.tree }),
    progress,
  }
  const results: Result[] = []
  for (const benchmark of chosen) results.push({ benchmark: benchmark.name, measures: await benchmark.run(options) })
  return results
}

async function checkOut(commit: string): Promise<Checkout> {
  progress(`checking out ${commit}`)
  return checkOutCommit(repository, commit)
}

function progress(text: string): void {
  if (!values.json) console.error(`… ${text}`)
}

function find(name: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name.trim())
  if (found === undefined)
    throw new Error(`Unknown benchmark '${name}'. Known: ${benchmarks.map((each) => each.name).join(', ')}.`)
  return found
}
