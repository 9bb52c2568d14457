import { engineOf } from '@poolsafe/core/adapter'
import { createGuard } from '@poolsafe/core'
import { setImmediate as nextTurn } from 'node:timers/promises'

// Parses as many statements as the first argument says. Prints how far the memory of this process grew, and its CPU
// time so far.

/** Remembers nothing, so each text is parsed. */
const guard = createGuard({ cacheBytes: 0 })
const count = Number(process.argv[2])

const forms: readonly ((index: number) => string)[] = [
  (index) => `SET app.tenant_${index} = '1'`,
  (index) =>
    `SELECT set_config('app.tenant', $1, true), a.id FROM accounts a JOIN users u ON u.id = a.user_id WHERE a.x = ${index}`,
  (index) =>
    `CREATE TEMPORARY TABLE t_${index} ON COMMIT DROP AS SELECT CASE WHEN x > 1 THEN 'a' ELSE 'b' END FROM generate_series(1, 3) x`,
  (index) =>
    `WITH l AS (SELECT pg_advisory_lock(${index})) UPDATE t SET a = (SELECT max(b) FROM t) WHERE id IN (SELECT id FROM l)`,
  (index) => `SET app.tenant_${index} = = 1`,
  (index) =>
    `DO $$ BEGIN FOR i IN 1..${index} LOOP IF i > 2 THEN PERFORM set_config('a.b', 'c', true); END IF; END LOOP; END $$`,
]

async function main(): Promise<void> {
  const startBytes = peakBytes()
  for (let index = 0; index < count; index++) {
    engineOf(guard).analyze(forms[index % forms.length]!(index))
    if (index % 10 === 0) await nextTurn()
  }
  const { user, system } = process.cpuUsage()
  console.log(JSON.stringify({ grownBytes: peakBytes() - startBytes, cpuMillis: (user + system) / 1000 }))
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
