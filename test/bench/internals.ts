import type { Guard } from '@poolsafe/core'
import type * as Adapter from '@poolsafe/core/adapter'
import type * as Internal from '@poolsafe/core/internal'

type Names = Pick<typeof Internal, 'isParserLoaded' | 'scanSaysHarmless'> & Partial<Pick<typeof Adapter, 'engineOf'>>

/** Core's names for its other packages. An older commit to compare with exports all of them from one other entry. */
export const adapter: Names = await load()

/** An older commit to compare with has the methods of an engine on its guard. */
function engineOf(guard: Guard): Adapter.Engine {
  return adapter.engineOf?.(guard) ?? (guard as unknown as Adapter.Engine)
}

/** Returns the analysis of a guard, without an adapter around it. */
export function analyzerOf(guard: Guard): (sql: string) => unknown {
  const engine = engineOf(guard)
  return (sql) => engine.analyze(sql)
}

export function observerOf(guard: Guard): Adapter.Observer {
  const { observer } = engineOf(guard)
  if (observer === undefined) throw new Error('The guard was made with observe: false.')
  return observer
}

async function load(): Promise<typeof adapter> {
  const older: string[] = ['@poolsafe/core/adapter', '@poolsafe/core']
  const adapters = await import('@poolsafe/core/adapter').catch(() => ({}))
  const internals = await import('@poolsafe/core/internal')
    .catch(() => import(older[0] as string))
    .catch(() => import(older[1] as string))
  return { ...adapters, ...(internals as object) } as Names
}
