import { createGuard, isPoolsafeError, poolers, type Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { Kysely, PostgresDialect } from 'kysely'
import { Migrator, type MigrationResultSet } from 'kysely/migration'
import pg from 'pg'
import type { Refusal, Scene, SceneResult } from '../scene.ts'
import type { Servers } from '../servers.ts'
import type { Stage } from '../stage.ts'
import { untilSeen, withTraffic } from '../traffic.ts'
import { until } from '../until.ts'

/** Deploys until one of them strands its lock; under this traffic it is about every second one. */
const attempts = 30
const safeDeploys = 10
/** How long the hanging deploy is watched before it is cancelled. Left alone it waits for an hour. */
const watchMillis = 1000

const locksHeld =
  "SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
const locksWaiting = locksHeld.replace('AND granted', 'AND NOT granted')
const cancelWaiting = locksWaiting.replace('count(*)::int', 'count(pg_cancel_backend(pid))::int')

export const migrationsScene: Scene = {
  name: 'migrations',
  title: 'The deploy that hangs (Kysely Migrator)',
  story: [
    "Kysely's Migrator takes a lock, so that two deploys never migrate at once. The lock belongs to a server connection.",
    'Behind the pooler the unlock often reaches another server connection. PostgreSQL only warns about it:',
    'The deploy reports success, its lock stays, and the next deploy waits for it.',
  ],
  async play(servers) {
    const harm = await playUnguarded(servers)
    const guarded = await playGuarded(servers)
    const safe = await playSafe(servers)
    return toResult(harm, guarded, safe)
  },
}

/** One run of the Migrator in its own process, with one migration more than the last deploy. */
async function deploy(connectionString: string, version: number, guard?: Guard): Promise<MigrationResultSet> {
  const dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString, max: 1 }) })
  const db = new Kysely<unknown>({ dialect: guard === undefined ? dialect : guardDialect(dialect, guard) })
  const migrations = Array.from({ length: version }, (_, index) => {
    const name = `release_${String(index + 1).padStart(3, '0')}`
    return [name, { up: (on: Kysely<unknown>) => on.schema.createTable(name).addColumn('id', 'integer').execute() }]
  })
  try {
    return await new Migrator({
      db,
      provider: { getMigrations: async () => Object.fromEntries(migrations) },
    }).migrateToLatest()
  } finally {
    await db.destroy()
  }
}

interface Hang {
  /** Deploys up to and including the one that stranded its lock. All of them reported success. */
  deploys: number
  failed: number
  locksLeft: number
  waiting: number
  waitedMillis: number
}

async function playUnguarded(servers: Servers): Promise<Hang> {
  const stage = await servers.openStage()
  const hang: Hang = { deploys: 0, failed: 0, locksLeft: 0, waiting: 0, waitedMillis: 0 }
  await withTraffic(stage, async () => {
    const strand = async (): Promise<number> => {
      const { error } = await deploy(stage.pooledUrl, ++hang.deploys)
      if (error !== undefined) hang.failed++
      return stage.count(locksHeld)
    }
    hang.locksLeft = await untilSeen(attempts, strand, (left) => left > 0)
    if (hang.locksLeft > 0) await watchNext(stage, hang)
  })
  await stage.close()
  return hang
}

/** The next deploy waits, unless it happens to be given the very server connection that holds the lock. */
async function watchNext(stage: Stage, hang: Hang): Promise<void> {
  const isWaiting = async (): Promise<boolean> => (await stage.count(locksWaiting)) > 0
  let version = hang.deploys
  const next = async (): Promise<boolean> => {
    let hasEnded = false
    const run = deploy(stage.pooledUrl, ++version).finally(() => (hasEnded = true))
    await until(async () => hasEnded || (await isWaiting()))
    if (hasEnded) return (await run) === undefined
    const startedAt = Date.now()
    await until(async () => hasEnded || Date.now() - startedAt >= watchMillis)
    hang.waiting = await stage.count(locksWaiting)
    hang.waitedMillis = Date.now() - startedAt
    await stage.count(cancelWaiting)
    await run
    return true
  }
  await untilSeen(attempts, next, (hung) => hung)
}

interface Guarded {
  readonly refusal: Refusal | undefined
  /** Statements about the lock that reached the server. */
  readonly reached: number
  readonly locksLeft: number
}

async function playGuarded(servers: Servers): Promise<Guarded> {
  const stage = await servers.openStage()
  const guard = createGuard({ mode: 'strict', pooler: servers.profile })
  // The Migrator unlocks whatever happened, so the error that it hands over is the one of the unlock: the lock was
  // refused first.
  const refusals: Refusal[] = []
  guard.on('finding', ({ findings: [{ rule, instead }], message }) => refusals.push({ rule, message, instead }))
  const { error } = await withTraffic(stage, () => deploy(stage.pooledUrl, 1, guard))
  const result = {
    refusal: isPoolsafeError(error) ? refusals[0] : undefined,
    reached: await stage.reached('advisory'),
    locksLeft: await stage.count(locksHeld),
  }
  await stage.close()
  return result
}

async function playSafe(servers: Servers): Promise<{ succeeded: number; locksLeft: number }> {
  const stage = await servers.openStage()
  const guard = createGuard({ mode: 'strict', pooler: poolers.direct() })
  let succeeded = 0
  await withTraffic(stage, async () => {
    for (let version = 1; version <= safeDeploys; version++) {
      const { error } = await deploy(stage.directUrl, version, guard)
      if (error === undefined) succeeded++
    }
  })
  const locksLeft = await stage.count(locksHeld)
  await stage.close()
  return { succeeded, locksLeft }
}

function toResult(hang: Hang, guarded: Guarded, safe: { succeeded: number; locksLeft: number }): SceneResult {
  return {
    figures: {
      deploysUntilStranded: hang.deploys,
      deploysThatReportedFailure: hang.failed,
      locksLeft: hang.locksLeft,
      nextDeployWaitedMillis: hang.waitedMillis,
      lockStatementsSentWhenGuarded: guarded.reached,
      locksLeftWhenGuarded: guarded.locksLeft,
      deploysOnDirectConnection: safe.succeeded,
      locksLeftOnDirectConnection: safe.locksLeft,
    },
    harm: `deploy ${hang.deploys} reported success and left ${hang.locksLeft} lock; the next one hung (${hang.waitedMillis} ms, then cancelled)`,
    guarded: `refused before the lock, ${guarded.reached} lock statements sent`,
    safe: `migrations on the direct connection: ${safe.succeeded} of ${safeDeploys} deploys done, ${safe.locksLeft} locks left`,
    refusals: guarded.refusal === undefined ? [] : [guarded.refusal],
    held:
      hang.failed === 0 &&
      hang.locksLeft > 0 &&
      hang.waiting > 0 &&
      guarded.refusal !== undefined &&
      guarded.reached + guarded.locksLeft === 0 &&
      safe.succeeded === safeDeploys &&
      safe.locksLeft === 0,
  }
}
