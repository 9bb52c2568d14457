import { createGuard, poolers } from '@poolsafe/core'
import { guardClient } from '@poolsafe/pg'
import pg from 'pg'
import { toRefusal, type Refusal, type Scene, type SceneResult } from '../scene.ts'
import type { Servers } from '../servers.ts'
import type { Stage } from '../stage.ts'
import { untilSeen } from '../traffic.ts'
import { until } from '../until.ts'

const notifications = 10
const attempts = 10
/** How long the owner waits for a notification that went elsewhere. */
const graceMillis = 300

export const listenScene: Scene = {
  name: 'listen',
  title: 'Notifications that go astray (LISTEN)',
  story: [
    'A worker sends LISTEN, and PostgreSQL confirms it: everything looks fine.',
    'But the server connection is what listens, and the pooler gives it to the next client.',
    'Another client receives the notifications and ignores them. The worker gets nothing, and no error.',
  ],
  async play(servers) {
    const harm = await untilSeen(
      attempts,
      () => playUnguarded(servers),
      ({ stranger }) => stranger > 0,
    )
    const guarded = await playGuarded(servers)
    const arrived = await playSafe(servers)
    return toResult(harm, guarded, arrived)
  },
}

async function connect(url: string): Promise<{ client: pg.Client; heard: () => number }> {
  const client = new pg.Client(url)
  let heard = 0
  client.on('notification', () => heard++)
  await client.connect()
  return { client, heard: () => heard }
}

/**
 * PgBouncer gives out the server connection that was released last, the hostile pooler one that another client has
 * just used: so another client gets the one that listens.
 */
async function playUnguarded(servers: Servers): Promise<{ owner: number; stranger: number }> {
  const stage = await servers.openStage()
  const [owner, stranger] = [await connect(stage.pooledUrl), await connect(stage.pooledUrl)]
  await owner.client.query('LISTEN job')
  await stranger.client.query('BEGIN')
  await notify(stage)
  await stranger.client.query('COMMIT')
  await until(() => owner.heard() > 0, graceMillis)
  const heard = { owner: owner.heard(), stranger: stranger.heard() }
  await Promise.all([owner.client.end(), stranger.client.end()])
  await stage.close()
  return heard
}

async function notify(stage: Stage): Promise<void> {
  for (let index = 1; index <= notifications; index++) await stage.count(`SELECT 1 FROM pg_notify('job', '${index}')`)
}

async function playGuarded(servers: Servers): Promise<{ refusal: Refusal; reached: number }> {
  const stage = await servers.openStage()
  const { client } = await connect(stage.pooledUrl)
  guardClient(client, createGuard({ mode: 'strict', pooler: servers.profile }))
  const error = await client.query('LISTEN job').then(
    () => new Error('LISTEN was not refused'),
    (refusal: unknown) => refusal,
  )
  await client.end()
  const reached = await stage.reached('LISTEN job')
  await stage.close()
  return { refusal: toRefusal(error), reached }
}

/** The listener connects directly; the notifying client may stay behind the pooler. */
async function playSafe(servers: Servers): Promise<number> {
  const stage = await servers.openStage()
  const [listener, sender] = [await connect(stage.directUrl), await connect(stage.pooledUrl)]
  guardClient(listener.client, createGuard({ mode: 'strict', pooler: poolers.direct() }))
  guardClient(sender.client, createGuard({ mode: 'strict', pooler: servers.profile }))
  await listener.client.query('LISTEN job')
  for (let index = 1; index <= notifications; index++)
    await sender.client.query("SELECT pg_notify('job', $1)", [String(index)])
  await until(() => listener.heard() === notifications)
  await Promise.all([listener.client.end(), sender.client.end()])
  await stage.close()
  return listener.heard()
}

function toResult(
  harm: { owner: number; stranger: number },
  guarded: { refusal: Refusal; reached: number },
  arrived: number,
): SceneResult {
  return {
    figures: {
      sent: notifications,
      heardByOwner: harm.owner,
      heardByStranger: harm.stranger,
      listenStatementsSentWhenGuarded: guarded.reached,
      heardOnDirectConnection: arrived,
    },
    harm: `of ${notifications} notifications ${harm.stranger} went to another client, ${harm.owner} to the listener`,
    guarded: `LISTEN refused, ${guarded.reached} sent`,
    safe: `LISTEN on the direct connection, NOTIFY through the pooler: ${arrived} of ${notifications} arrived`,
    refusals: [guarded.refusal],
    held: harm.stranger > 0 && harm.owner === 0 && guarded.reached === 0 && arrived === notifications,
  }
}
