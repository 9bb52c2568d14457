import { poolers } from '@poolsafe/core'
import { startPgBouncer } from '@poolsafe/testing/servers'
import { poolerRoot } from '../servers/pooler-root.ts'
import { startRootOdyssey, startRootPgBouncer } from '../servers/root-poolers.ts'
import { startRootPostgres } from '../servers/root-postgres.ts'
import { playAll, run, sceneUsers } from './run.ts'
import { scenes } from './scenes.ts'
import { buildStage, extensionSettings } from './stage.ts'
import { subjects } from './subjects.ts'
import { password, type Target } from './target.ts'

const root = poolerRoot()
const t0 = performance.now()
const all = subjects(() => true)
const users = [...all.map(({ user }) => user), ...sceneUsers]
const postgres = await startRootPostgres(root, extensionSettings)
const admin = await buildStage(postgres, users, true)
const b118 = await startPgBouncer({ target: postgres, defaultPoolSize: 2, users: Object.fromEntries(users.map((u) => [u, password])), settings: { auth_type: 'trust' } })
const b126 = await startRootPgBouncer(root, postgres, users)
const ody = await startRootOdyssey(root, postgres)
const ody2 = await startRootOdyssey(root, postgres, { pool_discard: 'no' })
console.log('started', performance.now() - t0, b118.version)
const direct: Target = { name: 'direct', port: postgres.port, profile: poolers.direct() }
const targets: Target[] = [
  direct,
  { name: '1.18', port: b118.port, profile: poolers.pgbouncer({ version: '1.18', serverVersion: 18 }) },
  { name: '1.26', port: b126.port, profile: poolers.pgbouncer({ version: '1.26', serverVersion: 18 }) },
  { name: 'odyssey', port: ody.port, profile: poolers.odyssey({ serverVersion: 18 }) },
  { name: 'odyssey-no', port: ody2.port, profile: poolers.odyssey({ serverVersion: 18, discard: false }) },
]
const only = process.argv[2]
const chosen = all.filter((s) => only === undefined || s.rule.includes(only))
try {
  const company = { direct, targets, owner: postgres.user }
  const results = [...(await run(chosen, company)), ...(await playAll(scenes, company))]
  console.log('run', chosen.length, performance.now() - t0)
  for (const r of results) if (r.contradiction !== undefined) console.log(r.target.padEnd(11), r.rule, r.isSafe ? 'SAFE' : '', JSON.stringify(r.sql), '→', r.contradiction)
} finally {
  await admin.end()
  for (const s of [ody2, ody, b126, b118, postgres]) await s.stop()
}
