import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unexplained } from './differences.ts'
import { proofsPage } from './page.ts'
import { proveRepairs, repairUser } from './prove-repairs.ts'
import { runAll } from './run-all.ts'
import { scenes } from './scenes.ts'
import { subjects } from './subjects.ts'
import { startAll } from './targets.ts'

// npm run proofs compares docs/proofs.md with the results on live servers; `-- --write` writes the page.

const page = join(import.meta.dirname, '../../docs/proofs.md')
const all = subjects(() => true)
const started = performance.now()
const { results, names } = await runAll(all, startAll).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
})
const seconds = Math.round((performance.now() - started) / 1000)
console.log(
  `${results.length} sights of ${all.length + 2 * scenes.length} examples on ${names.join('; ')} in ${seconds} s`,
)
await complainOfRepairs()
const contradictions = unexplained(results)
complain(contradictions)
if (!process.argv.includes('--write')) compare(proofsPage(results, names))
else if (contradictions.length === 0) writeFileSync(page, proofsPage(results, names))
else complain(['docs/proofs.md was not written, because the results above contradict the rules'])

/** Runs the scripts of repaired transactions on every server. */
async function complainOfRepairs(): Promise<void> {
  const servers = await startAll([repairUser])
  const { scripts, targets, repaired, faults } = await proveRepairs(servers.company).finally(() => servers.stop())
  console.log(`${repaired} repairs in ${scripts} transactions on ${targets.length} servers`)
  complain(faults.map(({ script, target, fault }) => `repair on ${target}, ${script}: ${fault}`))
}

function complain(faults: readonly string[]): void {
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}

function compare(text: string): void {
  const known = readFileSync(page, 'utf8').split('\n')
  const changed = text.split('\n').filter((line) => !known.includes(line))
  if (text !== known.join('\n'))
    complain(['docs/proofs.md differs from the results; run npm run proofs -- --write', ...changed])
}
