import { playAll, run, sceneUsers, type Result } from './run.ts'
import { scenes } from './scenes.ts'
import type { Subject } from './subjects.ts'
import type { Servers } from './targets.ts'

/** Debian's PgBouncer 1.18 may crash when a CancelRequest arrives. */
const mostAttempts = 5

/** The observations, and the names of the servers, the server itself first. */
export interface Sights {
  readonly results: readonly Result[]
  readonly names: readonly string[]
}

/** Starts servers, runs every subject and every scene on them, and stops them. Starts again if PgBouncer crashed. */
export async function runAll(
  subjects: readonly Subject[],
  start: (users: readonly string[]) => Promise<Servers>,
): Promise<Sights> {
  const users = subjects.map(({ user }) => user).concat(sceneUsers(scenes))
  for (let attempt = 1; ; attempt++) {
    const servers = await start(users)
    const sights = await seen(subjects, servers).catch((error: unknown) => error as Error)
    await servers.stop()
    const crash = servers.crash()
    if (crash !== undefined && attempt < mostAttempts) console.error(`again, because PgBouncer crashed: ${crash}`)
    else if (sights instanceof Error) throw sights
    else return sights
  }
}

async function seen(subjects: readonly Subject[], { company }: Servers): Promise<Sights> {
  const results = [...(await run(subjects, company)), ...(await playAll(scenes, company))]
  return { results, names: company.targets.map(({ name }) => name) }
}
