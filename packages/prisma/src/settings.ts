import { Prisma } from '@prisma/client/extension'
import type { Settings } from '@poolsafe/core'
import { settingStatement } from '@poolsafe/core/internal'
import type { PoolsafeExtension } from './extension.ts'
import { isInTransaction } from './in-transaction.ts'

/** The arguments of an extension for one operation, from Prisma, as far as they are used here. */
interface Operation {
  readonly args: unknown
  readonly query: (args: never) => Promise<unknown>
  /** `batch` is `$transaction([…])`, `itx` an interactive transaction. */
  readonly __internalParams?: { readonly transaction?: object }
}

interface Client {
  $queryRawUnsafe(text: string, ...values: readonly string[]): Promise<unknown>
  readonly $transaction: (work: unknown, ...options: readonly unknown[]) => Promise<unknown>
}

/**
 * A client extension that sends every operation with settings, such as a tenant for row-level security:
 *
 * ```ts
 * const tenant = new AsyncLocalStorage<string>()
 * const prisma = new PrismaClient({ adapter }).$extends(settings(() => ({ 'app.tenant_id': tenant.getStore() ?? '' })))
 * ```
 *
 * An operation outside of a transaction runs in a batch with its settings. `$transaction` begins with them, in both
 * forms; what the callback sends through its `tx` stays on the connection of the transaction.
 *
 * @param read called for each operation and each transaction, in the context of its caller; may return a promise
 * @returns for `$extends`
 * @throws InvalidOptionError, from the operation, for settings that cannot be: see `withSettings`
 */
export function settings(read: () => Settings | Promise<Settings>): PoolsafeExtension {
  return Prisma.defineExtension((client) => {
    const outer = client as unknown as Client
    const set: Prepare = async () => {
      const { text, values } = settingStatement(await read())
      return (on) => on.$queryRawUnsafe(text, ...values)
    }
    return client.$extends({
      name: 'poolsafe-settings',
      query: { $allOperations: sendWithSettings(outer, set) },
      client: { $transaction: beginWithSettings(outer, set) },
    })
  })
}

/** Reads the settings, and returns what sends them on a client. */
type Prepare = () => Promise<(on: Client) => Promise<unknown>>

function sendWithSettings(outer: Client, prepare: Prepare): (call: Operation) => Promise<unknown> {
  return async ({ args, query, __internalParams }) => {
    if (__internalParams?.transaction !== undefined) return query(args as never)
    const set = await prepare()
    const [, result] = (await outer.$transaction([set(outer), query(args as never)])) as [unknown, unknown]
    return result
  }
}

function beginWithSettings(outer: Client, prepare: Prepare): (this: unknown, ...args: unknown[]) => Promise<unknown> {
  return async function $transaction(work, ...options) {
    const send = (given: unknown): Promise<unknown> => Reflect.apply(outer.$transaction, this, [given, ...options])
    // A savepoint inside a transaction that has the settings already.
    if (isInTransaction(this)) return send(work)
    const set = await prepare()
    if (Array.isArray(work)) return ((await send([set(outer), ...(work as unknown[])])) as unknown[]).slice(1)
    return send(async (tx: Client) => {
      await set(tx)
      return (work as (tx: Client) => unknown)(tx)
    })
  }
}
