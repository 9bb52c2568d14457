import { execFileSync } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { GenericContainer, StartedTestContainer } from 'testcontainers'
import { atExit } from './at-exit.ts'
import { findFreePort } from './free-port.ts'
import type { LaunchedServer } from './launched-server.ts'
import { loadOptional } from './optional-package.ts'

/** There is no Docker, no image, or no package to use them with. */
export class DockerError extends Error {
  override readonly name: string = 'DockerError'
}

/** Where a server in a container listens, as seen by itself, and where it finds what runs on this machine. */
export interface ContainerPlace {
  readonly listenAddress: string
  readonly listenPort: number
  /** Leads to 127.0.0.1 of this machine, and so to the ports of other containers as well. */
  readonly machine: string
}

/** How a server is run in a container. */
export interface ContainerPlan {
  /** For errors: `PgBouncer`. */
  readonly server: string
  readonly image: string
  /** Its port where the container has a network of its own. */
  readonly port: number
  /** What the container needs beside its network. */
  readonly prepare: (container: GenericContainer, place: ContainerPlace) => GenericContainer
  /** What tells the server to end; SIGKILL otherwise. */
  readonly signal?: 'SIGINT'
}

/** How long a server that was told to end may take, in milliseconds. */
const endTimeoutMillis = 10_000

/**
 * On Linux a container shares the machine's network. Servers in containers and others then reach each other the same
 * way, at 127.0.0.1, and nobody else reaches them. Elsewhere Docker runs in a virtual machine, which publishes the
 * port.
 */
const isHostNetwork = process.platform === 'linux'

/**
 * Starts a container whose server can be reached from this machine. It ends with this process at the latest.
 *
 * @throws DockerError where no container starts; a server that ends at once shows in what is returned
 */
export async function launchContainer(plan: ContainerPlan): Promise<LaunchedServer> {
  const place = await findPlace(plan.port)
  let log = ''
  let hasEnded = false
  const watch = (stream: Readable): void => {
    stream.on('data', (text: unknown) => (log += String(text))).on('end', () => (hasEnded = true))
  }
  const started = await start(plan, place, watch).catch((cause: unknown) => {
    const said = log.trim() && `; ${plan.server} says:\n${log.trim()}`
    throw new DockerError(`${cause instanceof Error ? cause.message.trim() : String(cause)}${said}`, { cause })
  })
  const forget = atExit(() =>
    execFileSync('docker', ['rm', '--force', '--volumes', started.getId()], { stdio: 'ignore' }),
  )
  return {
    host: isHostNetwork ? '127.0.0.1' : started.getHost(),
    port: isHostNetwork ? place.listenPort : started.getMappedPort(place.listenPort),
    log: () => log,
    hasEnded: () => hasEnded,
    stop: async () => {
      forget()
      if (plan.signal !== undefined && !hasEnded) await signal(started, plan.signal)
      await started.stop({ timeout: plan.signal === undefined ? 0 : endTimeoutMillis })
    },
  }
}

async function start(
  plan: ContainerPlan,
  place: ContainerPlace,
  watch: (log: Readable) => void,
): Promise<StartedTestContainer> {
  const containers = await loadOptional(
    'testcontainers',
    `to run ${plan.server} in Docker`,
    () => import('testcontainers'),
  )
  const container = plan.prepare(withNetwork(new containers.GenericContainer(plan.image), place), place)
  return container.withLogConsumer(watch).start()
}

async function findPlace(port: number): Promise<ContainerPlace> {
  if (isHostNetwork) return { listenAddress: '127.0.0.1', listenPort: await findFreePort(), machine: '127.0.0.1' }
  // Docker Desktop leads this name to the machine's own 127.0.0.1.
  return { listenAddress: '0.0.0.0', listenPort: port, machine: 'host.docker.internal' }
}

function withNetwork(container: GenericContainer, place: ContainerPlace): GenericContainer {
  return isHostNetwork ? container.withNetworkMode('host') : container.withExposedPorts(place.listenPort)
}

/** `docker stop` sends what the image says: to some images of PostgreSQL that means to wait for the clients. */
async function signal(started: StartedTestContainer, name: 'SIGINT'): Promise<void> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const { container } = await getContainerRuntimeClient()
  // It may have ended just now.
  await container
    .getById(started.getId())
    .kill({ signal: name })
    .catch(() => undefined)
}
