import { PoolsafeError } from '@poolsafe/core'

/**
 * The extension was added to a client whose driver adapter is not guarded. `$extends` throws it in strict mode;
 * otherwise it is logged once.
 */
export class UnguardedClientError extends PoolsafeError {
  static override readonly name: string = 'UnguardedClientError'
  /** @param adapterName the adapter's own name, such as `@prisma/adapter-pg`; `undefined` for a client without one */
  constructor(adapterName: string | undefined) {
    const rows = [
      'this Prisma client has the extension poolsafe(), but no guard sees the statements that it sends',
      `  adapter    ${adapterName ?? 'none'}`,
      '  why        an extension sees operations. Their SQL can only be seen, and refused, at the driver adapter',
      '  instead    new PrismaClient({ adapter: guardAdapter(new PrismaPg(…), guard) }).$extends(poolsafe(guard))',
    ]
    super(rows.join('\n'))
  }
}
