import type { Guard } from '@poolsafe/core'
import type * as Adapter from '@poolsafe/core/adapter'

/** Core's names for adapters. An older commit to compare with exports them from its main entry. */
export const adapter: Pick<typeof Adapter, 'isParserLoaded' | 'scanSaysHarmless'> = await load()

/** What a guard's analysis costs without an adapter around it. */
export function analyzerOf(guard: Guard): (sql: string) => unknown {
  return (sql) => guard.analyze(sql)
}

export function observerOf(guard: Guard): Adapter.Observer {
  return (guard as { readonly observer: Adapter.Observer }).observer
}

async function load(): Promise<typeof adapter> {
  try {
    return await import('@poolsafe/core/adapter')
  } catch {
    const main: string = '@poolsafe/core'
    return (await import(main)) as typeof adapter
  }
}
