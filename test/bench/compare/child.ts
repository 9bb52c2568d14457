import type { Contender, Prepare, Round, Scenario } from './contender.ts'

// The process of one contender: makes it, then runs a round of the asked length for each message, until it is
// disconnected.

/** What the parent asks for: a round of this length. */
export interface Request {
  readonly millis: number
}

const [variant, scenarioJson] = process.argv.slice(2)
if (variant === undefined || scenarioJson === undefined) throw new Error('This file is started by compare.ts.')
const scenario = JSON.parse(scenarioJson) as Scenario
const { prepare } = (await import(`../contenders/${scenario.contender}.ts`)) as { prepare: Prepare }
const contender = await prepare(variant, scenario)

/** Operations between two looks at the clock: many, since at the end of each batch fewer and fewer are under way. */
const batch = 500

process.on('message', (request: Request) => {
  runRound(contender, request.millis).then(send, fail)
})
process.on('disconnect', () => {
  contender.close().catch(fail)
})
send('ready')

async function runRound(measured: Contender, millis: number): Promise<Round> {
  let operations = 0
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  while (performance.now() < start + millis) operations += await measured.run(batch)
  const wallMicros = (performance.now() - start) * 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { operations, wallMicros, cpuMicros: user + system }
}

function send(answer: Round | 'ready'): void {
  process.send?.(answer)
}

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}
