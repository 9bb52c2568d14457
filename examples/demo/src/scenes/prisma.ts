import { createGuard, type Guard } from '@poolsafe/core'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../generated/client.ts'
import { toRefusal, type Refusal, type Scene, type SceneResult } from '../scene.ts'
import type { Servers } from '../servers.ts'
import { repeat, untilSeen, withTraffic } from '../traffic.ts'

/** How often each habit is tried. */
const times = 40
const attempts = 5

/** One habit: does it once. @returns whether it came out as the code says */
type Habit = (prisma: PrismaClient, index: number) => Promise<boolean>
interface Habits {
  readonly setting: Habit
  readonly tempTable: Habit
  readonly lock: Habit
}

const setup =
  'CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total int NOT NULL); GRANT ALL ON orders TO app'
const timeoutInForce = "SELECT setting::int AS millis FROM pg_settings WHERE name = 'statement_timeout'"

/** As written for a direct connection. A different timeout for each call shows whose value is in force. */
const usual: Habits = {
  async setting(prisma, index) {
    await prisma.$executeRawUnsafe(`SET statement_timeout = ${10_000 + index}`)
    const [row] = await prisma.$queryRawUnsafe<{ millis: number }[]>(timeoutInForce)
    return row?.millis === 10_000 + index
  },
  async tempTable(prisma, index) {
    await prisma.$executeRawUnsafe(`CREATE TEMP TABLE basket_${index} (total int)`)
    try {
      return (await prisma.$executeRawUnsafe(`INSERT INTO basket_${index} VALUES (1)`)) === 1
    } catch (error) {
      // 42P01: the relation does not exist.
      if (String(error).includes('42P01')) return false
      throw error
    }
  },
  async lock(prisma, index) {
    await prisma.$executeRaw`SELECT pg_advisory_lock(${index}::int)`
    const [row] = await prisma.$queryRaw<{ unlocked: boolean }[]>`SELECT pg_advisory_unlock(${index}::int) AS unlocked`
    return row?.unlocked ?? false
  },
}

/** The same, each inside one transaction, so that nothing outlives it. */
const safe: Habits = {
  setting: (prisma, index) =>
    prisma.$transaction(async (transaction) => {
      await transaction.$executeRawUnsafe(`SET LOCAL statement_timeout = ${10_000 + index}`)
      const [row] = await transaction.$queryRawUnsafe<{ millis: number }[]>(timeoutInForce)
      return row?.millis === 10_000 + index
    }),
  tempTable: (prisma, index) =>
    prisma.$transaction(async (transaction) => {
      await transaction.$executeRawUnsafe(`CREATE TEMP TABLE basket_${index} (total int) ON COMMIT DROP`)
      return (await transaction.$executeRawUnsafe(`INSERT INTO basket_${index} VALUES (1)`)) === 1
    }),
  lock: (prisma, index) =>
    prisma.$transaction(async (transaction) => {
      await transaction.$executeRaw`SELECT pg_advisory_xact_lock(${index}::int)`
      return (await transaction.order.create({ data: { total: index } })).total === index
    }),
}

export const prismaScene: Scene = {
  name: 'prisma',
  title: 'Three habits that break (Prisma)',
  story: [
    'A raw SET, a temporary table, an advisory lock: each $executeRaw may run on a different server connection.',
    'So the setting is not in force, the table is missing, and the lock is never released.',
    'All three stay on a server connection, for other clients.',
  ],
  async play(servers) {
    const harm = await untilSeen(
      attempts,
      () => playHabits(servers, usual),
      ({ wrong, locksLeft }) => Math.min(wrong.setting, wrong.tempTable, wrong.lock, locksLeft) > 0,
    )
    const guard = createGuard({ mode: 'strict', pooler: servers.profile, logger: { warn: () => undefined } })
    const guarded = await playHabits(servers, usual, guard)
    return toResult(harm, guarded, await playHabits(servers, safe, guard))
  },
}

interface Tally {
  readonly wrong: Record<keyof Habits, number>
  refused: number
  /** Session locks that are still held when the application has left. */
  locksLeft: number
  /** Raw statements of the three habits that reached the server. */
  reached: number
  /** The first of each habit. */
  readonly refusals: Map<keyof Habits, Refusal>
}

async function playHabits(servers: Servers, habits: Habits, guard?: Guard): Promise<Tally> {
  const stage = await servers.openStage(setup)
  const prisma = createClient(stage.pooledUrl, guard)
  const tally: Tally = {
    wrong: { setting: 0, tempTable: 0, lock: 0 },
    refused: 0,
    locksLeft: 0,
    reached: 0,
    refusals: new Map(),
  }
  await withTraffic(stage, async () => {
    for (const name of ['setting', 'tempTable', 'lock'] as const)
      await repeat(times, (index) => tryOnce(prisma, habits, name, index, tally))
  })
  await prisma.$disconnect()
  tally.locksLeft = await stage.count("SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory'")
  for (const text of ['SET statement_timeout', 'CREATE TEMP TABLE', 'pg_advisory_lock', 'pg_advisory_unlock']) {
    tally.reached += await stage.reached(text)
  }
  await stage.close()
  return tally
}

function createClient(connectionString: string, guard: Guard | undefined): PrismaClient {
  const adapter = new PrismaPg({ connectionString, max: 8 })
  if (guard === undefined) return new PrismaClient({ adapter })
  // An extended client has another type, although it only lacks `$on`.
  return new PrismaClient({ adapter: guardAdapter(adapter, guard) }).$extends(
    poolsafe(guard),
  ) as unknown as PrismaClient
}

async function tryOnce(
  prisma: PrismaClient,
  habits: Habits,
  name: keyof Habits,
  index: number,
  tally: Tally,
): Promise<void> {
  try {
    if (!(await habits[name](prisma, index))) tally.wrong[name]++
  } catch (error) {
    tally.refused++
    if (!tally.refusals.has(name)) tally.refusals.set(name, toRefusal(error))
  }
}

function toResult(harm: Tally, guarded: Tally, safely: Tally): SceneResult {
  const all = times * 3
  const sum = ({ wrong }: Tally): number => wrong.setting + wrong.tempTable + wrong.lock
  return {
    figures: {
      timesEach: times,
      settingNotInForce: harm.wrong.setting,
      tempTableMissing: harm.wrong.tempTable,
      unlockFailed: harm.wrong.lock,
      locksLeft: harm.locksLeft,
      refused: guarded.refused,
      statementsSentWhenGuarded: guarded.reached,
      locksLeftWhenGuarded: guarded.locksLeft,
      wrongInSafeForm: sum(safely) + safely.refused,
      locksLeftInSafeForm: safely.locksLeft,
    },
    harm: `of ${times} each: ${harm.wrong.setting} settings not in force, ${harm.wrong.tempTable} tables gone, ${harm.locksLeft} locks stuck`,
    guarded: `${guarded.refused} of ${all} refused, ${guarded.reached} statements sent`,
    safe: `$transaction with SET LOCAL, ON COMMIT DROP, pg_advisory_xact_lock: ${sum(safely) + safely.refused} of ${all} wrong, ${safely.locksLeft} locks left`,
    refusals: [...guarded.refusals.values()],
    held:
      Math.min(harm.wrong.setting, harm.wrong.tempTable, harm.wrong.lock, harm.locksLeft) > 0 &&
      guarded.refused === all &&
      guarded.reached + guarded.locksLeft === 0 &&
      sum(safely) + safely.refused + safely.locksLeft === 0,
  }
}
