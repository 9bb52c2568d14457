import type * as core from '@poolsafe/core'
import type * as kyselyGuard from '@poolsafe/kysely'
import type * as prometheus from '@poolsafe/metrics/prometheus'
import type * as pgGuard from '@poolsafe/pg'
import type * as prismaGuard from '@poolsafe/prisma'
import type * as prismaAdapter from '@prisma/adapter-pg'
import type * as kysely from 'kysely'
import type pg from 'pg'
import type Cursor from 'pg-cursor'
import type QueryStream from 'pg-query-stream'
import type * as promClient from 'prom-client'
import type * as generated from '../../generated/chaos/index.js'

/** Loads a module by its name: `require`, or what calls `import()`. */
export type Load = (name: string) => unknown

/** Everything that the application uses, as its module system gives it. */
export interface Modules {
  readonly core: typeof core
  readonly pgGuard: typeof pgGuard
  readonly kyselyGuard: typeof kyselyGuard
  readonly prismaGuard: typeof prismaGuard
  readonly prometheus: typeof prometheus
  readonly pg: typeof pg
  readonly Cursor: typeof Cursor
  readonly QueryStream: typeof QueryStream
  readonly kysely: typeof kysely
  readonly prismaAdapter: typeof prismaAdapter
  readonly promClient: typeof promClient
  readonly generated: typeof generated
}

const names: { readonly [Name in keyof Modules]: string } = {
  core: '@poolsafe/core',
  pgGuard: '@poolsafe/pg',
  kyselyGuard: '@poolsafe/kysely',
  prismaGuard: '@poolsafe/prisma',
  prometheus: '@poolsafe/metrics/prometheus',
  pg: 'pg',
  Cursor: 'pg-cursor',
  QueryStream: 'pg-query-stream',
  kysely: 'kysely',
  prismaAdapter: '@prisma/adapter-pg',
  promClient: 'prom-client',
  generated: '../../generated/chaos/index.js',
}

/** The exports of a CommonJS module are the default export for an ES module. */
const isDefault: ReadonlySet<string> = new Set(['pg', 'Cursor', 'QueryStream', 'promClient', 'generated'])

/** Loads the modules as the caller says, because no file of the application imports one of them itself. */
export async function loadModules(load: Load): Promise<Modules> {
  const loaded: Record<string, unknown> = {}
  for (const [key, name] of Object.entries(names)) {
    const module = (await load(name)) as { readonly default?: unknown }
    loaded[key] = isDefault.has(key) ? (module.default ?? module) : module
  }
  return loaded as unknown as Modules
}
