/** The marks by which Prisma 7 and 6 know the client of an open transaction. */
const marksOfTransaction = ['prisma.client.transaction.scope_context', 'prisma.client.transaction.id'].map((name) =>
  Symbol.for(name),
)

/**
 * Returns true for the client of an open transaction: a transaction that it starts is a savepoint inside the open one.
 */
export function isInTransaction(client: unknown): boolean {
  return marksOfTransaction.some(
    (mark) => (client as Readonly<Record<symbol, unknown>> | undefined)?.[mark] !== undefined,
  )
}
