import type { Block, BlockRequest, Contender, Prepare, Scenario } from './contender.ts'

// One process of a comparison. It prepares the given variants of a contender, then runs one block for each message,
// until the parent disconnects.

const [scenarioJson, ...variants] = process.argv.slice(2)
if (scenarioJson === undefined) throw new Error('compare.ts starts this file, with a scenario and variants.')
const scenario = JSON.parse(scenarioJson) as Scenario
const { prepare } = (await import(`../contenders/${scenario.contender}.ts`)) as { prepare: Prepare }
const contenders = new Map<string, Contender>()
for (const variant of variants) contenders.set(variant, await prepare(variant, scenario))

process.on('message', (request: BlockRequest) => {
  runBlock(request).then(send, fail)
})
process.on('disconnect', () => {
  Promise.all([...contenders.values()].map((contender) => contender.close())).catch(fail)
})
send('ready')

async function runBlock({ variant, operations }: BlockRequest): Promise<Block> {
  const contender = contenders.get(variant)
  if (contender === undefined) throw new Error(`This process has no variant '${variant}'.`)
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  const done = await contender.run(operations)
  const wallMicros = (performance.now() - start) * 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  return { operations: done, wallMicros, cpuMicros: user + system }
}

function send(answer: Block | 'ready'): void {
  process.send?.(answer)
}

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}
