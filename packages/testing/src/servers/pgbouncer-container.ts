import { posix } from 'node:path'
import { launchContainer } from './container.ts'
import type { LaunchedServer } from './launched-server.ts'
import { renderConfig, type PgBouncerPlan } from './pgbouncer-config.ts'

/** The folder in which PgBouncer images expect `pgbouncer.ini` if they get no command. */
const folder = '/etc/pgbouncer'

/** Starts an image that runs `pgbouncer /etc/pgbouncer/pgbouncer.ini`. */
export function launchPgBouncerContainer(image: string, plan: PgBouncerPlan): Promise<LaunchedServer> {
  return launchContainer({
    server: 'PgBouncer',
    image,
    port: 6432,
    prepare: (container, { listenAddress, listenPort, machine }) => {
      const files = renderConfig(plan, { listenAddress, listenPort, targetHost: machine, folder })
      return container.withCopyContentToContainer(
        files.map(({ name, content }) => ({ content, target: posix.join(folder, name), mode: 0o644 })),
      )
    },
  })
}
