import { judge, judgeChange, type BenchmarkOptions, type Budget, type Change, type Estimate } from '../benchmark.ts'
import { estimateMean, interquartileMean, median } from '../statistics.ts'
import type { Scenario } from './contender.ts'
import { blocksOfRound, Pair, type Round } from './pair.ts'

/** One client to compare with the unguarded one. */
export interface Goal {
  readonly variant: string
  /** The client to compare with. @default 'base', the unguarded one */
  readonly base?: string
  /** It patches modules of the whole process, so it runs in a process of its own. */
  readonly patches?: boolean
  /** For the CPU time that it adds, in µs an operation. */
  readonly added?: Budget
  /** For its throughput, as a part of the unguarded client's. */
  readonly ratio?: Budget
}

/** A client beside the unguarded one. */
export interface Compared {
  /** CPU time of an operation of the unguarded client. */
  readonly baseCpuMicros: number
  /** Operations a second of the unguarded client. */
  readonly baseSpeed: number
  /** CPU time of an operation above the unguarded client's, in µs. */
  readonly added: Estimate
  /** Throughput, as a part of the unguarded client's. */
  readonly ratio: Estimate
  /** The value of `added` at the older commit. */
  readonly against?: Change
}

/** The figures of one set of processes. */
interface Generation {
  readonly baseCpuMicros: number
  readonly baseSpeed: number
  readonly added: number
  readonly ratio: number
  readonly before: number
  readonly change: number
}

const roundsOfGeneration = 12
const blocksOfGeneration = roundsOfGeneration * blocksOfRound

/** V8 compiles and lays out each process differently, so several processes are needed for any statement. */
const generations = { least: 5, most: 25, quick: 5 }

/** A change below this is none: in µs, or as a part of what an unguarded operation takes. */
const margins = { micros: 0.1, part: 0.02 }

/**
 * Compares clients with the unguarded one. Both run in one process and take turns in short blocks. The figure of a
 * process is the interquartile mean of the differences between neighbouring blocks, and the interval comes from the
 * spread of that figure over processes. More processes are started until every budget is decided, or a limit is
 * reached.
 */
export async function compare<const Goals extends readonly Goal[]>(
  scenario: Scenario,
  goals: Goals,
  options: BenchmarkOptions,
): Promise<Record<Goals[number]['variant'], Compared>> {
  const results = new Map<Goal, Generation[]>(goals.map((goal) => [goal, []]))
  const isAgainst = options.before !== undefined
  const most = options.quick ? generations.quick : generations.most
  for (let count = 1; count <= most; count++) {
    const undecided = goals.filter((goal) => !isDecided(goal, results.get(goal)!, isAgainst))
    if (undecided.length === 0) break
    const what = [scenario.operation, scenario.requests ?? []].flat().join(', ')
    options.progress(`${scenario.contender}: ${what} × ${scenario.concurrency ?? 1}, processes ${count}`)
    const generation = await runGeneration(scenario, undecided, options)
    for (const [goal, figures] of generation) results.get(goal)!.push(figures)
  }
  const compared = goals.map((goal) => [goal.variant, summarise(results.get(goal)!, isAgainst)] as const)
  return Object.fromEntries(compared) as Record<Goals[number]['variant'], Compared>
}

function isDecided(goal: Goal, figures: readonly Generation[], isAgainst: boolean): boolean {
  if (figures.length < generations.least) return false
  const { added, ratio, against } = summarise(figures, isAgainst)
  if (against !== undefined) return judgeChange(against).is !== 'undecided'
  const isOpen = (estimate: Estimate, budget: Budget | undefined): boolean =>
    budget !== undefined && judge(estimate, budget).is === 'undecided'
  return !isOpen(added, goal.added) && !isOpen(ratio, goal.ratio)
}

async function runGeneration(
  scenario: Scenario,
  goals: readonly Goal[],
  options: BenchmarkOptions,
): Promise<Map<Goal, Generation>> {
  const started = await Promise.all(goals.map((goal) => startTrees(scenario, goal, options)))
  for (const trees of started) for (const pair of trees) await pair.warmUp()
  const rounds = started.map((): (readonly Round[])[] => [])
  for (let round = 0; round < roundsOfGeneration; round++) {
    for (const [index, trees] of started.entries()) rounds[index]!.push(await runTrees(trees, round % 2 === 0))
  }
  await Promise.all(started.flat().map((pair) => pair.stop()))
  return new Map(goals.map((goal, index) => [goal, figuresOf(rounds[index]!)]))
}

/** The pair of this commit, and the pair of the older one. */
async function startTrees(scenario: Scenario, goal: Goal, options: BenchmarkOptions): Promise<Pair[]> {
  const { variant, base = 'base', patches = false } = goal
  const clients = { base, variant, apart: patches || options.separate }
  const trees = [options.tree, ...(options.before === undefined ? [] : [options.before])]
  return Promise.all(trees.map((tree) => Pair.start(tree, scenario, clients)))
}

/** @returns the round of this commit first */
async function runTrees(pairs: readonly Pair[], isForward: boolean): Promise<readonly Round[]> {
  const rounds: Round[] = []
  for (const pair of isForward ? pairs : pairs.toReversed()) rounds.push(await pair.round())
  return isForward ? rounds : rounds.toReversed()
}

function figuresOf(rounds: readonly (readonly Round[])[]): Generation {
  const now = rounds.map(([round]) => round!)
  const before = rounds.flatMap(([, round]) => round ?? [])
  const hasBefore = before.length > 0
  return {
    baseCpuMicros: median(now.map(({ base }) => base.cpuMicros)),
    baseSpeed: 1e6 / median(now.map(({ base }) => base.wallMicros)),
    added: interquartileMean(now.map(addedBy)),
    ratio: interquartileMean(now.map(({ base, variant }) => base.wallMicros / variant.wallMicros)),
    before: hasBefore ? interquartileMean(before.map(addedBy)) : Number.NaN,
    change: hasBefore
      ? interquartileMean(now.map((round, index) => addedBy(round) - addedBy(before[index]!)))
      : Number.NaN,
  }
}

function addedBy({ base, variant }: Round): number {
  return variant.cpuMicros - base.cpuMicros
}

function summarise(figures: readonly Generation[], isAgainst: boolean): Compared {
  return {
    baseCpuMicros: median(figures.map(({ baseCpuMicros }) => baseCpuMicros)),
    baseSpeed: median(figures.map(({ baseSpeed }) => baseSpeed)),
    added: inBlocks(estimateMean(figures.map(({ added }) => added))),
    ratio: inBlocks(estimateMean(figures.map(({ ratio }) => ratio))),
    ...(isAgainst && { against: againstOf(figures) }),
  }
}

function againstOf(figures: readonly Generation[]): Change {
  return {
    before: median(figures.map(({ before }) => before)),
    change: inBlocks(estimateMean(figures.map(({ change }) => change))),
    margin: Math.max(margins.micros, margins.part * median(figures.map(({ baseCpuMicros }) => baseCpuMicros))),
  }
}

function inBlocks(estimate: Estimate): Estimate {
  return { ...estimate, count: estimate.count * blocksOfGeneration }
}
