import type { Guard } from '@poolsafe/core'
import type * as Adapter from '@poolsafe/core/adapter'

type Names = Pick<typeof Adapter, 'isParserLoaded' | 'scanSaysHarmless'> & Partial<Pick<typeof Adapter, 'engineOf'>>

/** Core's names for adapters. An older commit to compare with exports them from its main entry. */
export const adapter: Names = await load()

/** An older commit to compare with has the methods of an engine on its guard. */
function engineOf(guard: Guard): Adapter.Engine {
  return adapter.engineOf?.(guard) ?? (guard as unknown as Adapter.Engine)
}

/** What a guard's analysis costs without an adapter around it. */
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
  try {
    return await import('@poolsafe/core/adapter')
  } catch {
    const main: string = '@poolsafe/core'
    return (await import(main)) as typeof adapter
  }
}
