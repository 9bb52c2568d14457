import { ContenderProcess } from './contender-process.ts'
import type { Block, Scenario } from './contender.ts'

/** The clients to compare. */
export interface Clients {
  /** Usually `base`, the unguarded client. */
  readonly base: string
  readonly variant: string
  /** The variant patches a module that both would share, so it needs a process of its own. */
  readonly apart: boolean
}

/** The cost of an operation for both clients in one round. */
export interface Round {
  readonly base: Cost
  readonly variant: Cost
}

export interface Cost {
  readonly cpuMicros: number
  readonly wallMicros: number
}

const warmUpMicros = 60_000
/** V8 compiles some functions only after half a second. */
const warmUps = 12
const blockMicros = 10_000
const firstOperations = 2_000

/** Blocks of a round: each client twice, so that a steady drift of the machine cancels out. */
export const blocksOfRound = 4

/** Two clients that take turns in short blocks. Whatever else the machine does disturbs both alike. */
export class Pair {
  readonly #clients: Clients
  readonly #base: ContenderProcess
  readonly #variant: ContenderProcess
  #operations = firstOperations
  #rounds = 0

  private constructor(clients: Clients, base: ContenderProcess, variant: ContenderProcess) {
    this.#clients = clients
    this.#base = base
    this.#variant = variant
  }

  static async start(tree: string, scenario: Scenario, clients: Clients): Promise<Pair> {
    const { base, variant, apart } = clients
    const first = await ContenderProcess.start(tree, scenario, apart ? [base] : [base, variant])
    const second = apart ? await ContenderProcess.start(tree, scenario, [variant]) : first
    return new Pair(clients, first, second)
  }

  /** Has V8 compile both clients, and finds how many operations fill a block. */
  async warmUp(): Promise<void> {
    for (let index = 0; index < warmUps; index++) {
      const { cpuMicros } = await this.#run('base')
      await this.#run('variant')
      this.#operations = Math.ceil(warmUpMicros / Math.max(cpuMicros, 0.1))
    }
    const { cpuMicros } = await this.#run('base')
    this.#operations = Math.ceil(blockMicros / cpuMicros)
  }

  async round(): Promise<Round> {
    const isEven = this.#rounds++ % 2 === 0
    const outer = isEven ? 'base' : 'variant'
    const inner = isEven ? 'variant' : 'base'
    const first = await this.#run(outer)
    const middle = average(await this.#run(inner), await this.#run(inner))
    const ends = average(first, await this.#run(outer))
    return isEven ? { base: ends, variant: middle } : { base: middle, variant: ends }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#base.stop(), ...(this.#variant === this.#base ? [] : [this.#variant.stop()])])
  }

  async #run(client: 'base' | 'variant'): Promise<Cost> {
    const process = client === 'base' ? this.#base : this.#variant
    return costOf(await process.block({ variant: this.#clients[client], operations: this.#operations }))
  }
}

function costOf({ operations, cpuMicros, wallMicros }: Block): Cost {
  return { cpuMicros: cpuMicros / operations, wallMicros: wallMicros / operations }
}

function average(one: Cost, two: Cost): Cost {
  return {
    cpuMicros: (one.cpuMicros + two.cpuMicros) / 2,
    wallMicros: (one.wallMicros + two.wallMicros) / 2,
  }
}
