import type { Guard } from '@poolsafe/core'
import { Callers, type Classify, type Seen } from './callers.ts'
import { openKysely } from './kysely-layer.ts'
import { limits, sleep, type Open, type Pose } from './layer.ts'
import { loadModules, type Load, type Modules } from './modules.ts'
import { openPg } from './pg-layer.ts'
import { openPrisma } from './prisma-layer.ts'

// A process of its own: what ends it, ends the application.

/** The request to the application. */
export type Command =
  | { readonly do: 'pose'; readonly pose: Pose }
  | { readonly do: 'recovered' | 'end' | 'underway' }
  | { readonly do: 'block'; readonly millis: number }

/** The answer of the application. */
export type Answer =
  | { readonly did: 'start' | 'pose' | 'block' }
  | { readonly did: 'underway'; readonly forms: readonly string[] }
  | { readonly did: 'recovered'; readonly afterMillis: number }
  | { readonly did: 'end'; readonly seen: Seen; readonly left: number }

export type LayerName = 'pg' | 'Kysely' | 'Prisma'

const layers: { readonly [Name in LayerName]: Open } = { pg: openPg, Kysely: openKysely, Prisma: openPrisma }
const callers = 8
const healthMillis = 150
/** Longer than every limit of a statement, and the wait for its answer. */
const leftMillis = limits.statementTimeoutMillis + 3000

/**
 * The program: `start.mjs` and `start.cjs` call it with their way to load a module. Its arguments are a layer and the
 * server's address.
 */
export async function start(load: Load): Promise<void> {
  const [name, url, directUrl] = process.argv.slice(2) as [LayerName, string, string | undefined]
  const modules = await loadModules(load)
  const guard = modules.core.createGuard({
    logger: { warn: () => {} },
    observe: { slowQueryMillis: 200, slowQueryIntervalMillis: 300, explainSlowQueries: true, repeatedQueryLimit: 5 },
  })
  const layer = layers[name](modules, guard, url, directUrl)
  const crowd = new Callers(layer, {
    count: callers,
    prefix: `${new URL(url).username}/`,
    classify: classifier(modules),
  })
  const isOver = watch(modules, guard)
  const obey = async (command: Command): Promise<void> => {
    process.send?.((await answer(command, crowd, guard)) satisfies Answer)
    if (command.do !== 'end') return
    isOver.now = true
    await layer.close()
    process.disconnect()
  }
  process.on('message', (command: Command) => void obey(command))
  process.send?.({ did: 'start' } satisfies Answer)
}

async function answer(command: Command, crowd: Callers, guard: Guard): Promise<Answer> {
  if (command.do === 'recovered') return { did: 'recovered', afterMillis: await crowd.recovered() }
  if (command.do === 'underway') return { did: 'underway', forms: crowd.underway }
  if (command.do === 'end') {
    const seen = await crowd.end()
    // Prisma gives up waiting for a BEGIN before our limit on it ends: its connection comes back a little later.
    for (let waited = 0; leftIn(guard) > 0 && waited < leftMillis; waited += 50) await sleep(50)
    return { did: 'end', seen, left: leftIn(guard) }
  }
  if (command.do === 'block') for (const end = Date.now() + command.millis; Date.now() < end;) continue
  if (command.do === 'pose') crowd.pose = command.pose
  while (command.do === 'pose' && command.pose === 'idle' && crowd.underway.length > 0) await sleep(5)
  return { did: command.do }
}

function leftIn(guard: Guard): number {
  return guard.stats().pools.reduce((sum, { active, waiting }) => sum + active + waiting, 0)
}

/** Health is asked for, and metrics are read, all the time. */
function watch({ prometheus, promClient }: Modules, guard: Guard): { now: boolean } {
  const isOver = { now: false }
  const registry = new promClient.Registry()
  prometheus.prometheusMetrics(guard, { registry })
  const ask = async (): Promise<void> => {
    while (!isOver.now) {
      await guard.health({ pingTimeoutMillis: 300 })
      await registry.metrics()
      await sleep(healthMillis)
    }
  }
  void ask()
  return isOver
}

/** Finds the name that poolsafe gave an error, whatever an ORM made of it. */
function classifier({ core }: Modules): Classify {
  return (error) =>
    core.findPoolsafeError(error)?.name ?? core.classifyFailure(error)?.kind ?? prismaKind(error as PrismaError)
}

interface PrismaError {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: { readonly kind?: unknown } | null
}

/**
 * The names of Prisma's own errors, which an application without poolsafe would get alike. P2028: its `maxWait` (2 s)
 * counts the wait for a connection and for the answer to BEGIN together; each alone has a shorter limit of ours, both
 * in turn may be longer. P1017, and P2010 in raw statements: what its adapter makes of an error of the driver, of which
 * it keeps nothing.
 */
function prismaKind({ name, code, message, cause }: PrismaError): string | undefined {
  if (code === 'P2028' && String(message).includes('Unable to start a transaction in the given time')) return 'P2028'
  if (code === 'P1017' || (code === 'P2010' && String(message).includes('Server has closed the connection')))
    return 'P1017'
  return name === 'DriverAdapterError' && cause?.kind === 'ConnectionClosed' ? 'P1017' : undefined
}
