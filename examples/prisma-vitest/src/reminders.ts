import type { Database, Trx } from './database.ts'

export function sendReminders(db: Database, send: (text: string) => void): Promise<number> {
  return db.$transaction(async (trx) => {
    // Held until COMMIT, on whatever server connection the transaction runs.
    await trx.$executeRaw`SELECT pg_advisory_xact_lock(4711)`
    return sendIn(trx, send)
  })
}

export async function sendIn(db: Trx, send: (text: string) => void): Promise<number> {
  const due = await db.reminder.findMany({ where: { sent: false } })
  for (const { text } of due) send(text)
  const { count } = await db.reminder.updateMany({
    where: { id: { in: due.map(({ id }) => id) } },
    data: { sent: true },
  })
  return count
}
