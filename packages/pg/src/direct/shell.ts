import type { MovableClient } from './internals.ts'

/** Properties that stay those of the client object itself. */
const ownProperties: ReadonlySet<string> = new Set([
  '_events',
  '_eventsCount',
  '_maxListeners',
  '_poolUseCount',
  '_types',
  'binary',
  'domain',
  'password',
])

type Fields = Record<string, unknown>

/**
 * The client object of a moved checkout. The application, its listeners and libraries keep the object, so the object
 * shows the direct connection: each field of pg's client reads and writes that of the direct client.
 */
export class Shell {
  readonly #client: MovableClient
  /** The fields of a client without a connection. */
  readonly #own: Fields
  #fields: Fields
  #stopForwarding = (): void => {}

  /** The fields are those of a client that is busy until {@link attach}. Its connection is one that never connects. */
  constructor(client: MovableClient) {
    this.#client = client
    const fields = client as unknown as Fields
    const names = Object.keys(fields).filter((name) => !ownProperties.has(name) && typeof fields[name] !== 'function')
    this.#own = Object.fromEntries(names.map((name) => [name, fields[name]]))
    Object.assign(this.#own, busy)
    for (const name of queues) if (name in fields) this.#own[name] = []
    unconnected(this.#own, client.connection)
    this.#fields = this.#own
    for (const name of names) {
      Object.defineProperty(client, name, {
        configurable: true,
        enumerable: true,
        get: () => this.#fields[name],
        set: (value) => {
          this.#fields[name] = value
        },
      })
    }
  }

  /** Shows the direct client from now on, and forwards its events. */
  attach(direct: MovableClient): void {
    const client = this.#client
    this.#fields = direct as unknown as Fields
    const { _types: types, binary } = direct
    // Type parsers that the application has set on its client.
    direct._types = client._types
    direct.binary = client.binary
    const stop = forwardEvents(direct, client)
    this.#stopForwarding = () => {
      stop()
      direct._types = types
      direct.binary = binary
    }
  }

  /** Shows a closed client from now on. */
  detach(): void {
    this.#stopForwarding()
    this.#stopForwarding = () => {}
    this.#fields = Object.assign(this.#own, closed)
  }
}

const busy: Fields = {
  processID: null,
  secretKey: null,
  readyForQuery: false,
  _txStatus: 'I',
  _activeQuery: null,
  activeQuery: null,
}

const closed: Fields = { ...busy, _queryable: false, _ending: true, _ended: true }

const queues = ['_queryQueue', 'queryQueue', '_sentQueryQueue']

/** Makes a connection of the same class at the first request, which is rare. */
function unconnected(fields: Fields, { constructor: Connection }: MovableClient['connection']): void {
  let made: unknown
  Object.defineProperty(fields, 'connection', {
    get: () => (made ??= new Connection({})),
    set: (value) => {
      made = value
    },
  })
}

/** Emits the events of one client on another one as well. */
function forwardEvents(from: MovableClient, to: MovableClient): () => void {
  const own = Object.getOwnPropertyDescriptor(from, 'emit')
  const emit = from.emit.bind(from)
  from.emit = (event, ...args) => {
    const isHeard = emit(event, ...args)
    if (event === 'newListener' || event === 'removeListener') return isHeard
    return to.emit(event, ...args) || isHeard
  }
  return () => {
    if (own === undefined) Reflect.deleteProperty(from, 'emit')
    else Object.defineProperty(from, 'emit', own)
  }
}
