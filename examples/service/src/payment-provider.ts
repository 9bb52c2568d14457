import { setTimeout as sleep } from 'node:timers/promises'

/** How long it takes. */
const millis = Number(process.env.CHARGE_MILLIS ?? 3000)

/** An external service that takes its time. */
export async function charge(_orderId: number): Promise<void> {
  await sleep(millis)
}
