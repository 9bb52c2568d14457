import { startPostgres } from '@poolsafe/testing/servers'
import { poolerRoot } from '../../support/servers/pooler-root.ts'
import { startRootPgBouncer } from '../../support/servers/root-poolers.ts'
import { hasPassed, makeDatabase } from './compare.ts'
import type { Results, Run, Suite } from './suite.ts'

/** The message of a test that did not run. */
export const didNotRun = 'it did not run'

/** Server connections of the PgBouncer: fewer than the tests' own pool has. */
const serverConnections = 4

/** One way to run a suite. */
interface Way {
  readonly name: string
  readonly isPooled: boolean
  readonly isGuarded: boolean
  readonly mode?: 'warn' | 'repair'
  readonly hasDirect?: boolean
}

const ways: readonly Way[] = [
  { name: 'PostgreSQL itself', isPooled: false, isGuarded: false },
  { name: 'PgBouncer 1.26, unguarded', isPooled: true, isGuarded: false },
  { name: 'PgBouncer 1.26, warn', isPooled: true, isGuarded: true, mode: 'warn' },
  { name: 'PgBouncer 1.26, repair', isPooled: true, isGuarded: true, mode: 'repair' },
  { name: 'PgBouncer 1.26, repair with direct', isPooled: true, isGuarded: true, mode: 'repair', hasDirect: true },
]

/** The result of a suite that ran in one way. */
export interface Outcome {
  readonly way: string
  readonly passed: number
  /** Tests that failed or did not run, with the message, of those that ran against PostgreSQL itself. */
  readonly failed: ReadonlyMap<string, string>
  readonly seconds: number
}

/**
 * Runs a suite against PostgreSQL itself and through a PgBouncer in transaction mode that changes server connections as
 * often as it can, in each way.
 *
 * @param wanted parts of the names of the ways; all without it
 */
export async function* throughPooler(
  suite: Suite,
  folder: string,
  wanted: readonly string[] = [''],
): AsyncGenerator<Outcome> {
  let all: readonly string[] = []
  for (const way of ways.filter(({ name }) => wanted.some((part) => name.endsWith(part)))) {
    const { results, seconds } = await runIn(way, suite, folder)
    // A hook is no test, and appears only if it fails.
    if (all.length === 0) all = [...results.keys()].filter((title) => !title.includes('" hook '))
    const failed: string[] = []
    for (const title of all.filter((each) => !hasPassed(results, each)))
      if (way.hasDirect !== true || !(await passesAlone(way, suite, folder, title))) failed.push(title)
    yield {
      way: way.name,
      passed: all.length - failed.length,
      failed: new Map(failed.map((title) => [title, results.get(title) ?? didNotRun])),
      seconds,
    }
  }
}

/** Some tests do not await what they depend on, and fail on a busy machine in any way. */
async function passesAlone(way: Way, suite: Suite, folder: string, title: string): Promise<boolean> {
  const { results } = await runIn(way, suite, folder, title)
  return hasPassed(results, title)
}

async function runIn(
  { isPooled, isGuarded, mode, hasDirect = false }: Way,
  suite: Suite,
  folder: string,
  only?: string,
): Promise<{ readonly results: Results; readonly seconds: number }> {
  const server = await startPostgres({ settings: { max_connections: '200' } })
  const settings = { server_round_robin: '1', max_client_conn: '500' }
  const pooler = isPooled
    ? await startRootPgBouncer(poolerRoot(), server, suite.users ?? {}, {
        defaultPoolSize: serverConnections,
        settings,
      })
    : undefined
  try {
    await makeDatabase(suite, server.url)
    const guardEnv = {
      ...(mode !== undefined && { SUITE_MODE: mode }),
      ...(hasDirect && { SUITE_DIRECT: String(server.port) }),
    }
    const place: Run['server'] = pooler === undefined ? server : { ...server, host: '127.0.0.1', port: pooler.port }
    const since = performance.now()
    const results = await suite.run(folder, { isGuarded, guardEnv, server: place, ...(only !== undefined && { only }) })
    return { results, seconds: (performance.now() - since) / 1000 }
  } finally {
    await pooler?.stop()
    await server.stop()
  }
}
