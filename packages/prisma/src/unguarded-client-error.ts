import { PoolsafeError } from '@poolsafe/core'

/**
 * The extension was put on a client whose driver adapter nobody guards. Thrown by `$extends` in strict mode, else
 * logged once.
 */
export class UnguardedClientError extends PoolsafeError {
  static override readonly name: string = 'UnguardedClientError'
  /** @param adapterName the adapter's own name, such as `@prisma/adapter-pg`; `undefined` for a client without one */
  constructor(adapterName: string | undefined) {
    const rows = [
      'this Prisma client has the extension poolsafe(), but nothing guards the statements that it sends',
      `  adapter    ${adapterName ?? 'none'}`,
      '  why        an extension sees the operations; the SQL that they become, and a place to stop it, are at the driver adapter alone',
      '  instead    new PrismaClient({ adapter: guardAdapter(new PrismaPg(…), guard) }).$extends(poolsafe(guard))',
    ]
    super(rows.join('\n'))
  }
}
