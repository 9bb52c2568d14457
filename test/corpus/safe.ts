import { kysely } from './safe-kysely.ts'
import { lookalikes } from './safe-lookalikes.ts'
import { migrations } from './safe-migrations.ts'
import { prisma } from './safe-prisma.ts'
import { transactions } from './safe-transactions.ts'
import type { Statement } from './statement.ts'

/** Ordinary statements that do nothing to the session, by where they come from: none may give a finding. */
export const safe: Readonly<Record<string, readonly Statement[]>> = {
  prisma,
  kysely,
  ...migrations,
  ...transactions,
  ...lookalikes,
}
