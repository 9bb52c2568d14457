import { PoolsafeError } from '@poolsafe/core'

/**
 * The driver adapter was given a pool that it does not use. Thrown by `guardAdapter` and by `$extends` in strict mode,
 * else logged once.
 */
export class ForeignPoolError extends PoolsafeError {
  static override readonly name: string = 'ForeignPoolError'
  /** @param adapterName the adapter's own name, such as `@prisma/adapter-pg` */
  constructor(adapterName: string | undefined) {
    const rows = [
      'this Prisma adapter does not use the pool that it was given, but one of its own that it opens beside it',
      `  adapter    ${adapterName ?? 'unknown'}`,
      '  why        the pool was made by another copy of pg than the one that the adapter depends on: the adapter takes it for a configuration, finds no address in it, and connects to the default database, past everything that guards the pool',
      '  instead    one copy of pg for both (`npm ls pg` lists them); or a configuration in the place of the pool: guardAdapter(new PrismaPg({ connectionString }), guard)',
    ]
    super(rows.join('\n'))
  }
}

/**
 * Whether a factory holds a pool where its configuration belongs. PrismaPg asks `instanceof`, of its own copy of pg.
 */
export function hasForeignPool(factory: object | undefined): boolean {
  const { config, externalPool } = (factory ?? {}) as { config?: unknown; externalPool?: unknown }
  const isPool = typeof config === 'object' && config !== null && 'totalCount' in config && 'connect' in config
  return isPool && (externalPool === null || externalPool === undefined)
}
