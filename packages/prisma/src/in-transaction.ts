/** By which Prisma knows the client of an open transaction: 7 and 6. */
const marksOfTransaction = ['prisma.client.transaction.scope_context', 'prisma.client.transaction.id'].map((name) =>
  Symbol.for(name),
)

/** Whether a client is that of an open transaction, so that a transaction it starts is a savepoint inside that one. */
export function isInTransaction(client: unknown): boolean {
  return marksOfTransaction.some(
    (mark) => (client as Readonly<Record<symbol, unknown>> | undefined)?.[mark] !== undefined,
  )
}
