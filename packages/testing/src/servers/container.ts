import { execFileSync } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { GenericContainer, StartedTestContainer } from 'testcontainers'
import { atExit } from './at-exit.ts'
import { findFreePort } from './free-port.ts'
import type { LaunchedServer } from './launched-server.ts'
import { loadOptional } from './optional-package.ts'

/** Docker, the image, or the package to use them is missing. */
export class DockerError extends Error {
  override readonly name: string = 'DockerError'
}

/** The address on which a server in a container listens, and the host name of this machine inside it. */
export interface ContainerPlace {
  readonly listenAddress: string
  readonly listenPort: number
  /** Resolves to 127.0.0.1 of this machine, and thereby to the ports of other containers. */
  readonly machine: string
}

/** How to run a server in a container. */
export interface ContainerPlan {
  /** For errors: `PgBouncer`. */
  readonly server: string
  readonly image: string
  /** Its port if the container has its own network. */
  readonly port: number
  /** Configures the container, except its network. */
  readonly prepare: (container: GenericContainer, place: ContainerPlace) => GenericContainer
  /** The command that stops the server; SIGKILL otherwise. */
  readonly signal?: 'SIGINT'
}

/** Limit for stopping the server, in milliseconds. */
const endTimeoutMillis = 10_000

/**
 * On Linux a container shares the machine's network, so that all servers reach each other at 127.0.0.1 and are not
 * reachable from outside. On other systems Docker runs in a virtual machine, which publishes the port.
 */
const isHostNetwork = process.platform === 'linux'

/**
 * Starts a container whose server is reachable from this machine. It ends with this process at the latest.
 *
 * @throws DockerError if no container starts; a server that ends immediately is visible in the result
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
  // Docker Desktop resolves this name to 127.0.0.1 of the machine.
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
