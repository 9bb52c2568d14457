import { setTimeout as sleep } from 'node:timers/promises'

/** An external service that takes its time. */
export async function charge(_orderId: number): Promise<void> {
  await sleep(3000)
}
