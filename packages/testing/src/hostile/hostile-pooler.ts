import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { cancelOnServer, readCancelRequest } from './cancel.ts'
import { ClientSession } from './client-session.ts'
import { ClientSettings } from './client-settings.ts'
import { authenticationOk, type Identity } from './login.ts'
import { NamedStatements, type NamedStatementMode } from './named-statements.ts'
import { openSession } from './open-session.ts'
import type { ResolvedOptions } from './options.ts'
import { Passwords } from './passwords.ts'
import { ServerNames } from './prepared.ts'
import { backend, errorResponse, idleStatus, int32, message, readyForQuery } from './protocol.ts'
import { Settling } from './reports.ts'
import type { CancelKey, ServerSession } from './server-session.ts'
import { Sessions } from './sessions.ts'
import type { StartupRequest } from './startup-settings.ts'

/** How long to wait for a session that was told to cancel, in milliseconds. */
const againMillis = 100

interface Guest {
  readonly client: ClientSession
  readonly secret: Buffer
}

/** The clients of one hostile pooler and the sessions that they share. */
export class HostilePooler {
  readonly settling: Settling
  readonly passwords: Passwords
  readonly #options: ResolvedOptions
  readonly #sessions = new Map<string, Sessions>()
  readonly #serverNames = new ServerNames()
  readonly #clients = new Map<number, Guest>()
  #lastPid = 0

  constructor(options: ResolvedOptions) {
    this.#options = options
    this.passwords = new Passwords(options)
    this.settling = new Settling({
      profile: options.pooler,
      inspects: options.inspects,
      poisons: options.poisons,
      onReport: options.onReport,
    })
  }

  /** Adds a client that has logged in. Its process id is the pooler's own, as with a real pooler. */
  async welcome(socket: Socket, request: StartupRequest): Promise<ClientSession> {
    const sessions = this.#sessionsOf(request)
    const defaults = await sessions.defaults()
    const pid = ++this.#lastPid
    const secret = randomBytes(4)
    const whose = { user: request.user, database: request.database, applicationName: request.applicationName }
    const { settling } = this
    const client = new ClientSession({
      socket,
      sessions,
      statements: new NamedStatements(modeOf(this.#options), this.#serverNames),
      settings: new ClientSettings(this.#options.pooler.trackedSettings, defaults, request.settings),
      pins: this.#mayPin ? (sql) => settling.pins(sql) : () => false,
      settle: (record) => {
        const seq = settling.count()
        if (settling.doesNothing) return undefined
        return (session) => settling.settle(session, record, { seq, ...whose })
      },
      onClosed: () => this.#clients.delete(pid),
    })
    this.#clients.set(pid, { client, secret })
    client.greet(greeting(defaults, request, { pid, secret }))
    return client
  }

  get #mayPin(): boolean {
    return Object.values(this.#options.pooler.carries).includes('pinned')
  }

  /** Sessions belong to a user and a database; each pair has its own order. */
  #sessionsOf({ user, database }: Identity): Sessions {
    const key = JSON.stringify([user, database])
    const known = this.#sessions.get(key)
    if (known !== undefined) return known
    const { sessions: size, maxSessions: maxSize, seed, poisons: keepsSessions } = this.#options
    const sessions = new Sessions({ size, maxSize, seed, keepsSessions, open: () => this.#open({ user, database }) })
    this.#sessions.set(key, sessions)
    return sessions
  }

  async #open(identity: Identity): Promise<ServerSession> {
    const session = await openSession(this.#options.address, identity, () => this.passwords.of(identity.user))
    return this.settling.begin(session)
  }

  cancel(body: Buffer): Promise<void> {
    const wanted = readCancelRequest(body)
    const guest = wanted === undefined ? undefined : this.#clients.get(wanted.pid)
    if (wanted === undefined || guest === undefined || !guest.secret.equals(wanted.secret)) return Promise.resolve()
    return new Promise((resolve) => {
      const isUnderWay = guest.client.cancel((session, isStill) => {
        return cancelOnServer(this.#options.address, session.key, isStill).finally(resolve)
      })
      if (!isUnderWay) resolve()
    })
  }

  /** Resolves when all answered transactions are inspected. */
  async settled(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((sessions) => sessions.settled()))
  }

  /** Disconnects all clients, cancels their statements and ends all sessions. */
  async end(): Promise<void> {
    const farewell = errorResponse('FATAL', '57P01', 'terminating connection due to administrator command')
    const busy = [...this.#clients.values()].flatMap(({ client }) => client.session ?? [])
    for (const { client } of this.#clients.values()) client.expel(farewell)
    const ended = [...this.#sessions.values()].map((sessions) => sessions.end())
    await Promise.all([...ended, ...busy.map((session) => this.#cancelUntilOver(session))])
  }

  /** One cancel may be too early: it does not affect a query that has not arrived yet. */
  async #cancelUntilOver(session: ServerSession): Promise<void> {
    while (!session.isOver) {
      await cancelOnServer(this.#options.address, session.key, () => !session.isOver)
      await Promise.race([session.ended, sleep(againMillis)])
    }
  }
}

/** A client gets the parameters of its later session at login. */
function greeting(
  defaults: ReadonlyMap<string, string>,
  { settings }: StartupRequest,
  { pid, secret }: CancelKey,
): Buffer {
  const reported = [...defaults].map(([name, value]) =>
    message(backend.parameterStatus, name, settings.get(name.toLowerCase()) ?? value),
  )
  return Buffer.concat([
    authenticationOk,
    ...reported,
    message(backend.keyData, int32(pid), secret),
    readyForQuery(idleStatus),
  ])
}

function modeOf({ pooler }: ResolvedOptions): NamedStatementMode {
  const carried = pooler.carries['named-statement']
  if (carried === 'tracked' || carried === 'kept' || carried === 'pinned') return 'tracked'
  return carried === 'rejected' ? 'rejected' : 'passed'
}
