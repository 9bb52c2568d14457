import Table from 'cli-table3'
import { parseArgs } from 'node:util'
import { layerNames, type Kind, type ModuleSystem } from './applications.ts'
import { faults } from './faults.ts'
import { runModel } from './model/run-model.ts'
import { isGood, recoveryLimit, runFault, type Outcome } from './run-fault.ts'
import { startServer, stopServer } from './servers.ts'

// npm run chaos [-- <part of a fault's name>] [--short] [--modules source,esm,cjs] [--layer pg,Kysely,Prisma]
// Real servers fail under applications that are processes of their own, and ten million random steps run against the
// gate. Prints the outcome of each application. `--short` plays one fault of each kind and a million steps. ES modules
// and CommonJS are those of the tarballs that `npm run build` packs.

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    modules: { type: 'string', default: 'esm,cjs' },
    layer: { type: 'string', default: layerNames.join(',') },
    short: { type: 'boolean', default: false },
  },
})
const kinds = layerNames
  .filter((layer) => values.layer.split(',').includes(layer))
  .flatMap((layer) => values.modules.split(',').map((modules): Kind => ({ layer, modules: modules as ModuleSystem })))

const modelSteps = values.short ? 1_000_000 : 10_000_000
const chosen = faults.filter(
  ({ name, isInShortRun }) => name.includes(positionals[0] ?? '') && (!values.short || isInShortRun === true),
)

const outcomes: Outcome[] = []
const server = await startServer()
for (const fault of chosen) {
  console.error(`… ${fault.name}`)
  const seen = await runFault(server, fault, kinds)
  for (const outcome of seen) if (!isGood(outcome)) console.error(`  missed: ${JSON.stringify(outcome)}`)
  outcomes.push(...seen)
}
await stopServer(server)
console.log(tableOf(outcomes))
for (const { fault, application, untyped, died } of outcomes) {
  for (const error of [...untyped, ...(died === undefined ? [] : [died])])
    console.log(`${fault} (${application}): ${error}`)
}

if (positionals.length === 0) playModel()
if (outcomes.some((outcome) => !isGood(outcome))) process.exitCode = 1

function playModel(): void {
  console.error(`… the gate, ${modelSteps.toLocaleString('en')} random steps`)
  const { faults: modelFaults, ...counts } = runModel(modelSteps, Date.now())
  console.log(
    Object.entries(counts)
      .map(([what, count]) => `${what} ${count.toLocaleString('en')}`)
      .join(', '),
  )
  console.log(
    modelFaults.length === 0 ? 'no lost wake-up, no lost and no doubly used connection' : modelFaults.join('\n'),
  )
  if (modelFaults.length > 0) process.exitCode = 1
}

function tableOf(rows: readonly Outcome[]): string {
  const table = new Table({
    head: [
      'fault',
      'application',
      'committed',
      'failed',
      'lost',
      'twice',
      'untyped',
      'stuck',
      'process',
      'all well after',
      'limit',
      '',
    ],
    colWidths: [34, null, null, 30],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const row of rows) table.push(rowOf(row))
  return table.toString()
}

function rowOf(row: Outcome): (string | number)[] {
  const failed = Object.entries(row.failures).map(([kind, count]) => `${kind} ${count}`)
  const after = row.recoveredMillis === undefined ? 'never' : `${Math.round(row.recoveredMillis)} ms`
  const limit = `${Math.round(recoveryLimit(row))} ms`
  const counts = [row.committed, failed.join(', '), row.lost, row.twice, row.untyped.length, row.stuck.join(', ') || 0]
  const verdict = isGood(row) ? 'holds' : 'missed'
  return [row.fault, row.application, ...counts, row.died === undefined ? 'alive' : 'dead', after, limit, verdict]
}
