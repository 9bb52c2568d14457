import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Answer, Command, LayerName } from './application/application.ts'
import { installPacked } from './packed.ts'

/** The origin of the packages: their sources, or the packed tarballs as ES modules or as CommonJS. */
export type ModuleSystem = 'source' | 'esm' | 'cjs'

export const layerNames: readonly LayerName[] = ['pg', 'Kysely', 'Prisma']

/** The layers whose checkouts can move to direct connections. */
export const movingLayers: readonly LayerName[] = ['pg', 'Kysely']

export const password = 'app'

/** The identity of an application. */
export interface Kind {
  readonly layer: LayerName
  readonly modules: ModuleSystem
}

/** A running application. */
export interface Application extends Kind {
  readonly name: string
  readonly user: string
  readonly password: string
  readonly pid: number
  /** @throws Error with what it last said, if it has ended */
  ask(command: Command): Promise<Answer>
  kill(): void
}

/** The users of all applications begin so. */
export const userPrefix = 'app_'

function userOf({ layer, modules }: Kind): string {
  return `${userPrefix}${layer.toLowerCase()}_${modules}`
}

/**
 * Starts an application, which connects to this port.
 *
 * @param directPort the port of its direct connections, if its checkouts move
 */
export async function startApplication(kind: Kind, port: number, directPort?: number): Promise<Application> {
  const user = userOf(kind)
  const ports = directPort === undefined ? [port] : [port, directPort]
  const child = launch(
    kind,
    ports.map((each) => `postgresql://${user}:${password}@127.0.0.1:${each}/postgres`),
  )
  const dying = lastWords(child)
  const ask = async (command?: Command): Promise<Answer> => {
    const wanted = command?.do ?? 'start'
    const answered = new Promise<Answer>((resolve) => {
      const listen = (answer: Answer): void => {
        if (answer.did !== wanted) return
        child.off('message', listen)
        resolve(answer)
      }
      child.on('message', listen)
    })
    // To a process that has ended nothing can be sent; `dying` says why.
    if (command !== undefined && child.connected) child.send(command, () => {})
    return Promise.race([answered, dying])
  }
  await ask()
  const name = `${kind.layer}, ${kind.modules}`
  return { ...kind, name, user, password, pid: child.pid ?? Number.NaN, ask, kill: () => void child.kill('SIGKILL') }
}

function launch({ layer, modules }: Kind, urls: readonly string[]): ChildProcess {
  const folder =
    modules === 'source' ? join(import.meta.dirname, 'application') : join(installPacked(), 'test/chaos/application')
  const execArgv = modules === 'source' ? ['--conditions=@poolsafe/source'] : []
  // Beside the generated client lies a copy of Prisma's runtime, and pnpm hides what that requires.
  const env =
    modules === 'source'
      ? { ...process.env, NODE_PATH: join(import.meta.dirname, '../../node_modules/.pnpm/node_modules') }
      : process.env
  const program = join(folder, `start.${modules === 'cjs' ? 'cjs' : 'mjs'}`)
  return fork(program, [layer, ...urls], {
    env,
    execArgv: ['--disable-warning=ExperimentalWarning', ...execArgv],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

/** Rejects when the process ends. */
async function lastWords(child: ChildProcess): Promise<never> {
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(String(signal ?? code)))
  })
  const said = child.stderr === null ? '' : await text(child.stderr)
  throw new Error(`the process has ended (${await ended}): ${said.trim()}`)
}
