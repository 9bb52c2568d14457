import { PoolsafeError } from '@poolsafe/core'

/**
 * The driver adapter does not use the pool that it was given. `guardAdapter` and `$extends` throw it in strict mode;
 * otherwise it is logged once.
 */
export class ForeignPoolError extends PoolsafeError {
  static override readonly name: string = 'ForeignPoolError'
  /** @param adapterName the adapter's own name, such as `@prisma/adapter-pg` */
  constructor(adapterName: string | undefined) {
    const rows = [
      'this Prisma adapter does not use the pool that it was given; it opens its own pool',
      `  adapter    ${adapterName ?? 'unknown'}`,
      '  why        the pool comes from another copy of pg than the one of the adapter. The adapter takes the pool for a configuration without an address, and connects to the default database through a pool that no guard sees',
      '  instead    install one copy of pg for both (`npm ls pg` lists the copies), or pass a configuration instead of the pool: guardAdapter(new PrismaPg({ connectionString }), guard)',
    ]
    super(rows.join('\n'))
  }
}

/**
 * Returns true if a factory holds a pool in place of its configuration. PrismaPg checks `instanceof` with its own
 * copy of pg.
 */
export function hasForeignPool(factory: object | undefined): boolean {
  const { config, externalPool } = (factory ?? {}) as { config?: unknown; externalPool?: unknown }
  const isPool = typeof config === 'object' && config !== null && 'totalCount' in config && 'connect' in config
  return isPool && (externalPool === null || externalPool === undefined)
}
