import { parseArgs } from 'node:util'
import type { Benchmark, BenchmarkOptions } from './benchmark.ts'
import { acquire } from './benchmarks/acquire.ts'
import { approaches } from './benchmarks/approaches.ts'
import { firstSight } from './benchmarks/first-sight.ts'
import { importTime } from './benchmarks/import.ts'
import { kysely } from './benchmarks/kysely.ts'
import { memory } from './benchmarks/memory.ts'
import { observeKysely, observePg, observePrisma, observeTexts } from './benchmarks/observe.ts'
import { pgBenchmark, pgHitPath } from './benchmarks/pg.ts'
import { prisma } from './benchmarks/prisma.ts'
import { variants } from './benchmarks/variants.ts'
import { reportAsJson, reportAsTable, type Result } from './report.ts'

// npm run bench -- [--only pg,kysely] [--quick] [--json]
// Measures and prints; a missed budget is no error.

const benchmarks: readonly Benchmark[] = [
  pgHitPath,
  pgBenchmark,
  acquire,
  kysely,
  prisma,
  observePg,
  observeKysely,
  observePrisma,
  observeTexts,
  firstSight,
  importTime,
  memory,
  variants,
  approaches,
]

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: benchmarks.map(({ name }) => name).join() },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const options: BenchmarkOptions = {
  quick: values.quick,
  progress: (text) => {
    if (!values.json) console.error(`… ${text}`)
  },
}

const results: Result[] = []
for (const benchmark of values.only.split(',').map(find)) {
  const measures = await benchmark.run(options)
  results.push({ benchmark: benchmark.name, measures })
}
console.log(values.json ? reportAsJson(results) : reportAsTable(results))

function find(name: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name.trim())
  if (found === undefined)
    throw new Error(`There is no benchmark '${name}'; there are ${benchmarks.map((each) => each.name).join(', ')}.`)
  return found
}
