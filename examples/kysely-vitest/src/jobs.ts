import { sql } from 'kysely'
import type { Database } from './database.ts'

export async function addJob(db: Database, task: string): Promise<void> {
  await db.insertInto('jobs').values({ task }).execute()
}

export async function claimJob(db: Database): Promise<string | undefined> {
  const { rows } = await sql<{ task: string }>`select task from claim_job()`.execute(db)
  return rows[0]?.task
}
