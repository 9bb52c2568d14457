import { execFileSync } from 'node:child_process'
import { posix } from 'node:path'
import type { Readable } from 'node:stream'
import type { GenericContainer } from 'testcontainers'
import { atExit } from './at-exit.ts'
import { findFreePort } from './free-port.ts'
import { loadOptional } from './optional-package.ts'
import { renderConfig, type PgBouncerPlan, type Place } from './pgbouncer-config.ts'
import type { LaunchedPgBouncer } from './pgbouncer-launch.ts'

/** Where images of PgBouncer look for `pgbouncer.ini` when they are given no command. */
const folder = '/etc/pgbouncer'
const bridgedPort = 6432

/** On Linux a container shares the machine's network, so that it reaches a PostgreSQL that listens on 127.0.0.1 alone. */
const isHostNetwork = process.platform === 'linux'

/** Starts an image that runs `pgbouncer /etc/pgbouncer/pgbouncer.ini`, reachable on a free port of this machine. */
export async function launchContainer(image: string, plan: PgBouncerPlan): Promise<LaunchedPgBouncer> {
  const containers = await loadOptional('testcontainers', 'to run PgBouncer in Docker', () => import('testcontainers'))
  const place = await findPlace()
  const files = renderConfig(plan, place).map(({ name, content }) => ({ content, target: posix.join(folder, name), mode: 0o644 }))
  let log = ''
  let hasEnded = false
  const watch = (stream: Readable): void => {
    stream.on('data', (text: unknown) => (log += String(text))).on('end', () => (hasEnded = true))
  }
  const container = withNetwork(new containers.GenericContainer(image), place).withCopyContentToContainer(files).withLogConsumer(watch)
  const started = await container.start()
  const forget = atExit(() => execFileSync('docker', ['rm', '--force', started.getId()], { stdio: 'ignore' }))
  return {
    host: isHostNetwork ? '127.0.0.1' : started.getHost(),
    port: isHostNetwork ? place.listenPort : started.getMappedPort(place.listenPort),
    log: () => log,
    hasEnded: () => hasEnded,
    stop: async () => {
      forget()
      await started.stop()
    },
  }
}

async function findPlace(): Promise<Place> {
  if (isHostNetwork) return { listenAddress: '127.0.0.1', listenPort: await findFreePort(), targetHost: '127.0.0.1', folder }
  // Docker Desktop leads this name to the machine's own 127.0.0.1.
  return { listenAddress: '0.0.0.0', listenPort: bridgedPort, targetHost: 'host.docker.internal', folder }
}

function withNetwork(container: GenericContainer, place: Place): GenericContainer {
  return isHostNetwork ? container.withNetworkMode('host') : container.withExposedPorts(place.listenPort)
}
