/** One client to measure. */
export interface Contender {
  /** Runs at least this many operations. @returns how many it ran */
  run(operations: number): Promise<number>
  close(): Promise<void>
}

/** Makes a contender; each file of `contenders/` exports one as `prepare`. */
export type Prepare = (variant: string, scenario: Scenario) => Promise<Contender>

/** The settings that all variants of a comparison share. Plain data, because another process gets it. */
export interface Scenario {
  /** The file in `contenders/`. */
  readonly contender: string
  /** The name of an operation, in the contender's words. */
  readonly operation: string
  /** Operations under way at the same time. @default 1 */
  readonly concurrency?: number
  /** The server to use, where one is needed. */
  readonly url?: string
  /**
   * Statements are sent in requests of ten: ten different ones, or one ten times. @default 'none': each by itself,
   * always the same
   */
  readonly requests?: 'none' | 'distinct' | 'repeated'
}

/** Operations of one request. */
export const requestLength = 10

/** A request for one block: some operations of one variant, run without a pause. */
export interface BlockRequest {
  readonly variant: string
  readonly operations: number
}

/** The cost of one block. */
export interface Block {
  readonly operations: number
  readonly wallMicros: number
  /** User and system time of the whole process, including the threads of the garbage collector and the compiler. */
  readonly cpuMicros: number
}

/**
 * Runs `concurrency` loops of what the scenario asks for until `operations` are done: `operate(0)`, or requests of ten.
 */
export async function runScenario(
  operations: number,
  { concurrency = 1, requests = 'none' }: Scenario,
  inRequest: (run: () => Promise<void>) => Promise<void>,
  operate: (index: number) => Promise<unknown>,
): Promise<number> {
  if (requests === 'none') return runLoops(operations, concurrency, () => operate(0))
  const request = async (): Promise<void> => {
    for (let index = 0; index < requestLength; index++) await operate(requests === 'distinct' ? index : 0)
  }
  const count = Math.ceil(operations / requestLength)
  await runLoops(count, concurrency, () => inRequest(request))
  return count * requestLength
}

/** Runs `concurrency` loops of one operation until `operations` are done. */
export async function runLoops(
  operations: number,
  concurrency: number,
  operate: () => Promise<unknown>,
): Promise<number> {
  let left = operations
  const loop = async (): Promise<void> => {
    while (left-- > 0) await operate()
  }
  await Promise.all(Array.from({ length: concurrency }, loop))
  return operations
}
