import { createGuard, poolers } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import type { Dialect } from 'kysely'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Loaded before Kysely's own tests, in their folder: each pool and each PostgresDialect that they make is guarded.

// SUITE_MODE: the mode of the guard, behind PgBouncer 1.26; without it there is no pooler.
// SUITE_DIRECT: the port of PostgreSQL itself, which checkouts move to.

const { SUITE_MODE: mode, SUITE_DIRECT: directPort } = process.env
const pooler = mode === undefined ? poolers.direct() : poolers.pgbouncer({ version: '1.26', serverVersion: 15 })
const guard = createGuard({
  mode: (mode as 'warn' | 'repair' | undefined) ?? 'warn',
  pooler,
  logger: { warn: () => {} },
})
const fromHere = createRequire(join(process.cwd(), 'package.json'))

const driver = fromHere('pg') as { Pool: new (config?: object) => Parameters<typeof guardPool>[0] }
const { Pool } = driver
Object.defineProperty(driver, 'Pool', {
  configurable: true,
  enumerable: true,
  value: class extends Pool {
    constructor(config?: object) {
      super(config)
      const direct = directPort === undefined ? undefined : new Pool({ ...config, port: Number(directPort), min: 0 })
      guardPool(this, guard, direct === undefined ? {} : { direct })
    }
  },
})

const { PostgresDialect } = (await import(pathToFileURL(join(process.cwd(), 'dist/index.js')).href)) as {
  PostgresDialect: { prototype: Dialect }
}
const { prototype } = PostgresDialect
const createDriver = Reflect.get<Dialect, 'createDriver'>(prototype, 'createDriver')
prototype.createDriver = function (this: Dialect) {
  const bare: Dialect = {
    createDriver: () => createDriver.call(this),
    createQueryCompiler: () => this.createQueryCompiler(),
    createAdapter: () => this.createAdapter(),
    createIntrospector: (db) => this.createIntrospector(db),
  }
  return guardDialect(bare, guard).createDriver()
}
