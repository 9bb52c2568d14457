import { poolers } from '@poolsafe/core'
import { startPgBouncer, startPostgres } from '@poolsafe/testing/servers'
import type { Backend } from '../support/servers/backend.ts'
import { knownCrash } from '../support/servers/pooler-crashes.ts'
import { poolerRoot } from '../support/servers/pooler-root.ts'
import { startRootOdyssey, startRootPgBouncer } from '../support/servers/root-poolers.ts'
import { startRootPostgres } from '../support/servers/root-postgres.ts'
import type { Company } from './run.ts'
import { buildStage, extensionSettings, serverSettings } from './stage.ts'
import { password, type Target } from './target.ts'

/** Servers that run, and the stage on them. */
export interface Servers {
  readonly company: Company
  stop(): Promise<void>
  /** Returns the log line of a known crash of PgBouncer, or `undefined`. Complete once the servers have stopped. */
  crash(): string | undefined
}

interface Running {
  readonly port: number
  stop(): Promise<void>
}

type Crashing = Pick<Servers, 'crash'>

/** The version of PostgreSQL, on which depends what a pooler tracks. */
const serverVersion = 18

/** PostgreSQL, and the PgBouncer that this machine has. */
export async function startFew(users: readonly string[]): Promise<Servers> {
  const postgres = await startPostgres({ settings: serverSettings })
  await buildStage(postgres, users, false)
  const pooler = await startTheMachines(postgres, users)
  return assemble(postgres, pooler, [])
}

/** PostgreSQL with all extensions, PgBouncer 1.18 and 1.26, and Odyssey 1.5 with its default and without. */
export async function startAll(users: readonly string[]): Promise<Servers> {
  const root = poolerRoot()
  const postgres = await startRootPostgres(root, extensionSettings)
  await buildStage(postgres, users, true)
  const [bouncer, newest, wiping, keeping] = await Promise.all([
    startTheMachines(postgres, users),
    startRootPgBouncer(root, postgres, users),
    startRootOdyssey(root, postgres),
    startRootOdyssey(root, postgres, { pool_discard: 'no' }),
  ])
  return assemble(postgres, bouncer, [
    { ...newest, name: 'PgBouncer 1.26', profile: poolers.pgbouncer({ version: '1.26', serverVersion }) },
    { ...wiping, name: 'Odyssey 1.5', profile: poolers.odyssey({ serverVersion }) },
    { ...keeping, name: 'Odyssey 1.5, `pool_discard no`', profile: poolers.odyssey({ serverVersion, discard: false }) },
  ])
}

async function startTheMachines(target: Backend, users: readonly string[]): Promise<Running & Target & Crashing> {
  const logins = Object.fromEntries(users.map((user) => [user, password]))
  const pooler = await startPgBouncer({
    target,
    defaultPoolSize: 2,
    users: logins,
    settings: { auth_type: 'trust' },
  })
  const { port, version } = pooler
  const [minor] = /^\d+\.\d+/.exec(version) ?? [version]
  return {
    port,
    stop: () => pooler.stop(),
    crash: () => knownCrash(pooler),
    name: `PgBouncer ${minor}`,
    profile: poolers.pgbouncer({ version: minor, serverVersion }),
  }
}

function assemble(
  postgres: Backend & Running,
  bouncer: Running & Target & Crashing,
  others: readonly (Running & Target)[],
): Servers {
  const running = [bouncer, ...others]
  const direct: Target = { name: `PostgreSQL ${serverVersion}`, port: postgres.port, profile: poolers.direct() }
  return {
    company: { direct, targets: [direct, ...running], owner: postgres.user },
    async stop() {
      await Promise.all(running.map((each) => each.stop()))
      await postgres.stop()
    },
    crash: () => bouncer.crash(),
  }
}
