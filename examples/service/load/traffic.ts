import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from './service.ts'

export const shops = ['/prisma', '/kysely'] as const

/** Calls `request` again and again, `workers` at a time, each after a pause. */
export async function repeatFor(
  millis: number,
  workers: number,
  pauseMillis: number,
  request: (index: number) => Promise<unknown>,
): Promise<void> {
  const until = Date.now() + millis
  let index = 0
  const work = async (): Promise<void> => {
    for (; Date.now() < until; await sleep(pauseMillis)) await request(index++)
  }
  await Promise.all(Array.from({ length: workers }, work))
}

/** Ordinary traffic, until `stop` is called. */
export function startTraffic(service: Service): { stop(): Promise<void> } {
  const over = new AbortController()
  const work = async (shop: string): Promise<void> => {
    for (let id = 1; !over.signal.aborted; id = (id % 40) + 1) {
      await service.send('GET', `${shop}/customers`)
      await service.send('GET', `${shop}/orders/${id}`)
      await service.send('POST', `${shop}/orders`, { customerId: id, lines: [{ item: 'Tea', cents: 450 }] })
      await service.send('GET', `${shop}/customers-with-orders`)
      await sleep(500)
    }
  }
  const done = Promise.all(shops.map(work))
  return {
    async stop() {
      over.abort()
      await done
    },
  }
}
