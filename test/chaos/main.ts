import Table from 'cli-table3'
import { faults } from './faults.ts'
import { runModel } from './model/run-model.ts'
import { runFault, startServer, type Outcome } from './run-fault.ts'

// npm run chaos [-- <part of a fault's name>]
// Real servers that fail, and ten million random steps against the gate. Prints what became of the application.

const recoveryMillis = 2000
const modelSteps = 10_000_000

const outcomes: Outcome[] = []
const server = await startServer()
for (const fault of faults.filter(({ name }) => name.includes(process.argv[2] ?? ''))) {
  console.error(`… ${fault.name}`)
  outcomes.push(await runFault(server, fault))
}
await server.stop()
console.log(tableOf(outcomes))
for (const { fault, untyped } of outcomes) for (const error of new Set(untyped)) console.log(`${fault}: ${error}`)

console.error(`… the gate, ${modelSteps.toLocaleString('en')} random steps`)
const { faults: modelFaults, ...counts } = runModel(modelSteps, Date.now())
console.log(
  Object.entries(counts)
    .map(([what, count]) => `${what} ${count.toLocaleString('en')}`)
    .join(', '),
)
console.log(modelFaults.length === 0 ? 'no lost wake-up, no lost and no doubly used connection' : modelFaults.join('\n'))
process.exitCode = modelFaults.length > 0 || outcomes.some((outcome) => !isGood(outcome)) ? 1 : 0

function tableOf(rows: readonly Outcome[]): string {
  const table = new Table({ head: ['fault', 'committed', 'failed', 'lost', 'twice', 'untyped', 'stuck', 'all well after', ''] })
  for (const row of rows) {
    const failed = [...row.failures].map(([kind, count]) => `${kind} ${count}`).join('\n')
    const after = row.recoveredMillis === undefined ? 'never' : `${Math.round(row.recoveredMillis)} ms`
    table.push([
      row.fault,
      row.committed,
      failed,
      row.lost,
      row.twice,
      row.untyped.length,
      row.stuck,
      after,
      isGood(row) ? 'holds' : 'missed',
    ])
  }
  return table.toString()
}

function isGood({ lost, twice, untyped, stuck, recoveredMillis = Infinity }: Outcome): boolean {
  return lost === 0 && twice === 0 && untyped.length === 0 && stuck === 0 && recoveredMillis <= recoveryMillis
}
