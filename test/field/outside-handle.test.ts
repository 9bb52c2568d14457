import { createGuard, findPoolsafeError, type FindingEvent, type Guard, type Mode } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { layers, openDrizzle, openKyselyAlone, type Layer, type Setup } from '../support/layers.ts'
import { failureOf } from '../support/prisma/guarded.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
let bystander: pg.Client
beforeAll(async () => {
  server = await sharedPostgres()
  bystander = new pg.Client({ connectionString: server.url })
  await bystander.connect()
  await bystander.query('CREATE TABLE audit (entry text)')
})
afterAll(async () => {
  await bystander.end()
  await server.stop()
})

async function entries(): Promise<unknown> {
  return (await bystander.query('SELECT count(*) FROM audit')).rows
}

/** A transaction, and a call past it. */
interface Subject {
  readonly guard: Guard
  /** Runs `work` inside a transaction; `inner` sends a statement through its handle. */
  readonly transaction: Layer['transaction']
  /** Sends a statement through the outer handle. */
  outer(): Promise<unknown>
  close(): Promise<void>
}

function subjectOf(open: (setup: Setup) => Layer, guard: Guard, max: number): Subject {
  const layer = open({ url: server.url, guard, max })
  return { ...layer, guard, outer: () => layer.query("INSERT INTO audit VALUES ('seen')") }
}

const subjects: typeof layers = [...layers, ['Kysely guarded alone', openKyselyAlone], ['Drizzle', openDrizzle]]

const rule = 'transaction/outside-handle'

describe.each(subjects)('%s', (_name, open) => {
  async function use(
    mode: Mode,
    work: (subject: Subject, findings: FindingEvent[], warnings: string[]) => Promise<unknown>,
    max = 4,
  ): Promise<void> {
    const warnings: string[] = []
    const guard = createGuard({ mode, logger: { warn: (message) => void warnings.push(message) } })
    const findings: FindingEvent[] = []
    guard.on('finding', (event) => void findings.push(event))
    const subject = subjectOf(open, guard, max)
    try {
      await subject.outer()
      await work(subject, findings, warnings)
    } finally {
      await subject.close()
    }
  }

  /** Drizzle wraps errors in its own. */
  const refusal = async (work: Promise<unknown>): Promise<unknown> => findPoolsafeError(await failureOf(() => work))
  const refused = { rule, wasSent: false }

  it('is refused in strict mode, and not sent', async () => {
    await use('strict', async (subject) => {
      const before = await entries()
      expect(await refusal(subject.transaction(() => subject.outer()))).toMatchObject(refused)
      expect(await refusal(subject.transaction(async (inner) => (await inner(), await subject.outer())))).toMatchObject(
        refused,
      )
      expect(await entries()).toEqual(before)
    })
  })

  it('is found behind functions, side by side with others, after a pause', async () => {
    await use('strict', async (subject) => {
      const helper = async (): Promise<unknown> => {
        await sleep(1)
        return await subject.outer()
      }
      expect(await refusal(subject.transaction(async (inner) => await Promise.all([inner(), helper()])))).toMatchObject(
        refused,
      )
      expect(await refusal(subject.transaction(async () => await helper().then((result) => result)))).toMatchObject(
        refused,
      )
    })
  })

  it('is warned of once, with both lines', async () => {
    await use('warn', async (subject, findings, warnings) => {
      for (let times = 0; times < 3; times++) await subject.transaction(() => subject.outer())
      expect(findings).not.toHaveLength(0)
      expect(warnings.filter((warning) => warning.includes(rule))).toHaveLength(1)
      const [warning = ''] = warnings
      expect(warning).toMatch(/open transaction that began at .*test\/(?:field|support)\/[\w/.-]+\.ts:\d+/)
      expect(warning).toMatch(/by +.*test\/(?:field|support)\/[\w/.-]+\.ts:\d+/)
    })
  })

  describe('is found although it has to wait for a connection', () => {
    /** Another transaction holds the second connection of two until `work` is done. */
    async function whileFull(subject: Subject, work: (letGo: () => void) => Promise<unknown>): Promise<void> {
      const { promise: done, resolve: letGo } = Promise.withResolvers<void>()
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
      const hold = (): Promise<unknown> =>
        subject.transaction(async (inner) => {
          await inner()
          begin()
          await done
        })
      // A flow of its own, as another request would be.
      const other = new Promise((resolve, reject) => setImmediate(() => void hold().then(resolve, reject)))
      await begun
      await work(letGo).finally(letGo)
      await other
    }

    it('in strict mode it is refused and does not wait', async () => {
      const play = async (subject: Subject): Promise<void> => {
        const before = await entries()
        await whileFull(subject, async () => {
          const work = subject.transaction(async (inner) => (await inner(), await subject.outer()))
          expect(await refusal(work)).toMatchObject(refused)
        })
        expect(await entries()).toEqual(before)
      }
      await use('strict', play, 2)
    })

    it('in warn mode it is reported, waits and runs', async () => {
      const play = async (subject: Subject, findings: FindingEvent[]): Promise<void> => {
        // A pool that only Kysely has is in no statistics.
        const isWaiting = (): void =>
          expect(findings.length + (subject.guard.stats().pools[0]?.waiting ?? 0)).not.toBe(0)
        for (let times = 0; times < 3; times++) {
          await whileFull(subject, async (letGo) => {
            const call = async (): Promise<unknown> =>
              await subject.transaction(async (inner) => (await inner(), await subject.outer()))
            const work = call()
            await vi.waitFor(isWaiting, { timeout: 30_000 })
            letGo()
            await work
          })
        }
        expect(findings[0]?.findings).toMatchObject([{ rule }])
      }
      await use('warn', play, 2)
    })
  })

  it('is allowed with a reason', async () => {
    await use('strict', async (subject, findings) => {
      await subject.transaction(() =>
        subject.guard.allow(rule, 'the audit log outlives a rollback', () => subject.outer()),
      )
      expect(findings).toEqual([])
    })
  })

  it.each<[string, (subject: Subject) => Promise<unknown>]>([
    ['the transaction’s own handle', (subject) => subject.transaction((inner) => inner())],
    [
      'after the transaction',
      async (subject) => (await subject.transaction((inner) => inner()), await subject.outer()),
    ],
    ['beside the transaction', (subject) => Promise.all([subject.transaction((inner) => inner()), subject.outer()])],
    ['a caller that does not await the transaction', callWithoutAwait],
    ['a job that the transaction starts and does not await', startJob],
    ['a listener that answers later', listenLater],
    ['a timer that was set inside', setTimer],
    ['a transaction of another pool', async (subject) => subject.transaction(() => otherPool(subject.guard))],
    ['transactions and calls of one function, side by side', sideBySide],
    ['transactions and calls of several workers', workers],
  ])('is not found: %s', async (_case, play) => {
    await use('strict', async (subject, findings) => {
      await play(subject)
      expect(findings).toEqual([])
    })
  })

  it.each([
    ['side by side', sideBySide],
    ['of several workers', workers],
  ])('is not found in the very first calls %s, in pools of any size', async (_case, play) => {
    for (const max of [3, 10]) {
      const subject = subjectOf(open, createGuard({ mode: 'strict', logger: { warn() {} } }), max)
      await play(subject).finally(() => subject.close())
    }
  })
})

/** Every other call is a transaction; each is awaited by the same function. */
async function sideBySide(subject: Subject): Promise<void> {
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      if (index % 3 === 0) await sleep(index)
      await transactionOrCall(subject, index)
    }),
  )
}

async function workers(subject: Subject): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let index = next++; index < 24; index = next++) await transactionOrCall(subject, index)
  }
  await Promise.all(Array.from({ length: 6 }, work))
}

async function transactionOrCall(subject: Subject, index: number): Promise<void> {
  if (index % 2 === 0) await subject.transaction(async (inner) => (await inner(), await sleep(2), await inner()))
  await subject.outer()
}

async function callWithoutAwait(subject: Subject): Promise<void> {
  let isOpen: (value?: unknown) => void = () => {}
  const opened = new Promise((resolve) => (isOpen = resolve))
  let mayEnd: (value?: unknown) => void = () => {}
  const end = new Promise((resolve) => (mayEnd = resolve))
  const running = subject.transaction(async (inner) => {
    await inner()
    isOpen()
    await end
  })
  await opened
  try {
    await subject.outer()
  } finally {
    mayEnd()
    await running
  }
}

async function startJob(subject: Subject): Promise<void> {
  const jobs: Promise<unknown>[] = []
  const job = async (): Promise<void> => {
    await sleep(1)
    await subject.outer()
  }
  await subject.transaction(async (inner) => {
    jobs.push(job())
    // A job may also begin at once.
    jobs.push(atOnce(subject))
    for (let times = 0; times < 5; times++) await inner()
    await sleep(20)
  })
  await Promise.all(jobs)
}

async function atOnce(subject: Subject): Promise<void> {
  await subject.outer()
}

async function listenLater(subject: Subject): Promise<void> {
  const events = new EventEmitter()
  const heard = new Promise((resolve, reject) => {
    events.once('paid', () => {
      setImmediate(() => void subject.outer().then(resolve, reject))
    })
  })
  await subject.transaction(async (inner) => {
    events.emit('paid')
    await inner()
    await sleep(20)
  })
  await heard
}

async function setTimer(subject: Subject): Promise<void> {
  let sent: Promise<unknown> | undefined
  await subject.transaction(async (inner) => {
    setTimeout(() => (sent = subject.outer()), 1)
    await inner()
    await sleep(20)
  })
  await sent
}

async function otherPool(guard: Guard): Promise<void> {
  const other = guardPool(new pg.Pool({ connectionString: server.url, max: 2 }), guard)
  const client = await other.connect()
  await client.query('BEGIN')
  await client.query('SELECT 1')
  await client.query('COMMIT')
  client.release()
  await other.query('SELECT 1')
  await other.end()
}
