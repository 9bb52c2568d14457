import { median } from '../statistics.ts'
import type { BenchmarkOptions } from '../benchmark.ts'
import type { Round, Scenario } from './contender.ts'
import { VariantProcess } from './variant-process.ts'

/** A variant beside the unguarded client. */
export interface Compared {
  readonly cpuMicrosPerOperation: number
  readonly operationsPerSecond: number
  /** CPU time of an operation above the unguarded client's. */
  readonly addedCpuMicros: number
  /** Operations a second, as a part of the unguarded client's. */
  readonly throughputRatio: number
  /** What two unguarded clients differ by, in CPU time of an operation. */
  readonly cpuNoiseMicros: number
  /** What two unguarded clients differ by, in throughput. */
  readonly ratioNoise: number
}

/** Each variant's rounds, in order: round `n` of one was run beside round `n` of the others. */
type Generation = Readonly<Record<string, readonly Round[]>>

/** The unguarded client twice: the second shows the noise. */
const unguarded = ['base', 'base2'] as const

/**
 * Compares variants with the unguarded client. Each has a process of its own, and they take turns in short rounds, so
 * that whatever else the machine does meets all of them. New processes a few times over, since how V8 happens to
 * compile and lay out one process is good for a percent or two. All figures are medians: over the rounds of a
 * generation of the difference to the unguarded round beside it, then over the generations.
 */
export async function compare<Variant extends string>(
  scenario: Scenario,
  variants: readonly Variant[],
  { quick, progress }: BenchmarkOptions,
): Promise<Record<Variant | (typeof unguarded)[number], Compared>> {
  const all = [...unguarded, ...variants]
  const generations: Generation[] = []
  const [count, rounds, millis] = quick ? [2, 8, 60] : [5, 16, 100]
  for (let index = 0; index < count; index++) {
    progress(
      `${scenario.contender}: ${scenario.operation} × ${scenario.concurrency ?? 1}, processes ${index + 1}/${count}`,
    )
    generations.push(await runGeneration(scenario, all, rounds, millis))
  }
  const results = all.map((variant) => [variant, summarise(generations, variant)] as const)
  return Object.fromEntries(results) as Record<(typeof all)[number], Compared>
}

async function runGeneration(
  scenario: Scenario,
  variants: readonly string[],
  rounds: number,
  millis: number,
): Promise<Generation> {
  const processes = await startAll(scenario, variants)
  const results = variants.map((): Round[] => [])
  // Some of pg and of Kysely is compiled late: the first rounds are not counted.
  for (const process of processes) await process.round(Math.max(millis * 6, 400))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < variants.length; turn++) {
      // Everyone is first as often as last.
      const index = (round + (round % 2 === 0 ? turn : variants.length - turn)) % variants.length
      results[index]?.push(await processes[index]!.round(millis))
    }
  }
  await Promise.all(processes.map((process) => process.stop()))
  return Object.fromEntries(variants.map((variant, index) => [variant, results[index] ?? []]))
}

async function startAll(scenario: Scenario, variants: readonly string[]): Promise<VariantProcess[]> {
  return Promise.all(variants.map((variant) => VariantProcess.start(variant, scenario)))
}

function summarise(generations: readonly Generation[], variant: string): Compared {
  return {
    cpuMicrosPerOperation: median(generations.map((generation) => median(roundsOf(generation, variant).map(cpuOf)))),
    operationsPerSecond: median(generations.map((generation) => median(roundsOf(generation, variant).map(speedOf)))),
    addedCpuMicros: median(generations.map((generation) => addedCpu(generation, variant))),
    throughputRatio: median(generations.map((generation) => throughputRatio(generation, variant))),
    cpuNoiseMicros: median(generations.map((generation) => Math.abs(addedCpu(generation, 'base2')))),
    ratioNoise: median(generations.map((generation) => Math.abs(throughputRatio(generation, 'base2') - 1))),
  }
}

function addedCpu(generation: Generation, variant: string): number {
  const base = unguardedRounds(generation, variant, cpuOf)
  return median(roundsOf(generation, variant).map((round, index) => cpuOf(round) - (base[index] ?? Number.NaN)))
}

function throughputRatio(generation: Generation, variant: string): number {
  const base = unguardedRounds(generation, variant, speedOf)
  return median(roundsOf(generation, variant).map((round, index) => speedOf(round) / (base[index] ?? Number.NaN)))
}

/** What a variant is measured against: both unguarded clients together, and the second one against the first. */
function unguardedRounds(generation: Generation, variant: string, figureOf: (round: Round) => number): number[] {
  const first = roundsOf(generation, 'base').map(figureOf)
  if (variant === 'base2') return first
  const second = roundsOf(generation, 'base2').map(figureOf)
  return first.map((figure, index) => (figure + (second[index] ?? Number.NaN)) / 2)
}

function roundsOf(generation: Generation, variant: string): readonly Round[] {
  return generation[variant] ?? []
}

function cpuOf({ cpuMicros, operations }: Round): number {
  return cpuMicros / operations
}

function speedOf({ operations, wallMicros }: Round): number {
  return (operations * 1e6) / wallMicros
}
