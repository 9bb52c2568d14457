import { setTimeout as sleep } from 'node:timers/promises'

/** Somebody else's service, which takes its time. */
export async function charge(_orderId: number): Promise<void> {
  await sleep(3000)
}
