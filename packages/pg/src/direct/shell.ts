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
  #fields: Fields
  #stopForwarding = (): void => {}

  /** The fields are those of a client that is busy until {@link attach}. Its connection is one that never connects. */
  constructor(client: MovableClient) {
    this.#client = client
    const fields = client as unknown as Fields
    const names = Object.keys(fields).filter((name) => !ownProperties.has(name) && typeof fields[name] !== 'function')
    this.#fields = { ...Object.fromEntries(names.map((name) => [name, fields[name]])), ...busy(client) }
    for (const name of new Set([...names, ...Object.keys(this.#fields)])) {
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
    this.#fields = { ...this.#fields, ...busy(this.#client), _queryable: false, _ending: true, _ended: true }
  }
}

function busy({ connection, ...fields }: MovableClient): Fields {
  const queue = '_queryQueue' in fields ? '_queryQueue' : 'queryQueue'
  const active = '_activeQuery' in fields ? '_activeQuery' : 'activeQuery'
  return {
    connection: new connection.constructor({}),
    processID: null,
    secretKey: null,
    readyForQuery: false,
    _txStatus: 'I',
    [queue]: [],
    [active]: null,
    _sentQueryQueue: [],
  }
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
