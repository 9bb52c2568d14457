import {
  bindTo,
  closeComplete,
  describe,
  parse,
  parseComplete,
  readBind,
  readParse,
  readTarget,
  type Prepared,
  type ServerNames,
} from './prepared.ts'
import type { Awaited, Expected } from './expected.ts'
import { errorResponse, frontend } from './protocol.ts'
import type { ServerSession } from './server-session.ts'

/**
 * The handling of named statements by a pooler: track them, forward their names unchanged, or refuse them.
 */
export type NamedStatementMode = 'tracked' | 'passed' | 'rejected'

/** A message to the server with its answer, or only an answer. */
export interface Step {
  readonly bytes?: Buffer
  readonly expected: Expected
}

/** The named statements of one client. */
export class NamedStatements {
  readonly #mode: NamedStatementMode
  readonly #serverNames: ServerNames
  readonly #statements = new Map<string, Prepared & { readonly sql: string }>()

  constructor(mode: NamedStatementMode, serverNames: ServerNames) {
    this.#mode = mode
    this.#serverNames = serverNames
  }

  /** Returns the SQL of a name. */
  textOf(name: string): string | undefined {
    return this.#statements.get(name)?.sql
  }

  /** Translates a message of the extended protocol for this session. */
  stepsFor(type: number, bytes: Buffer, session: ServerSession): readonly Step[] {
    switch (type) {
      case frontend.parse:
        return this.#parse(bytes, session)
      case frontend.bind:
        return this.#use(readBind(bytes).name, session, 'bind', (prepared) =>
          prepared === undefined ? bytes : bindTo(prepared, bytes),
        )
      case frontend.describe:
        return this.#use(readTarget(bytes), session, 'describe', (prepared) =>
          prepared === undefined ? bytes : describe(prepared),
        )
      case frontend.close:
        return this.#close(bytes)
      default:
        return [{ bytes, expected: { awaits: 'execute' } }]
    }
  }

  #parse(bytes: Buffer, session: ServerSession): readonly Step[] {
    const { name, sql, body } = readParse(bytes)
    if (name === '') return [{ bytes, expected: { awaits: 'parse' } }]
    if (this.#mode === 'rejected') return [{ expected: { awaits: 'parse', own: rejection } }]
    const known = this.#mode === 'tracked' ? this.#statements.get(name) : undefined
    // The server itself reports that the name is taken.
    if (known !== undefined) return [...ensure(known, session), { bytes: parse(known), expected: { awaits: 'parse' } }]
    const prepared = { serverName: this.#mode === 'tracked' ? this.#serverNames.nameFor(body) : name, body, sql }
    this.#statements.set(name, prepared)
    if (this.#mode === 'passed') return [{ bytes, expected: { awaits: 'parse' } }]
    if (session.prepared.has(prepared.serverName)) return [{ expected: { awaits: 'parse', own: parseComplete } }]
    session.prepared.add(prepared.serverName)
    return [{ bytes: parse(prepared), expected: { awaits: 'parse', prepares: prepared.serverName } }]
  }

  #use(
    name: string | undefined,
    session: ServerSession,
    awaits: Awaited,
    render: (prepared?: Prepared) => Buffer,
  ): readonly Step[] {
    const prepared = this.#mode === 'tracked' && name !== undefined ? this.#statements.get(name) : undefined
    if (prepared === undefined) return [{ bytes: render(), expected: { awaits } }]
    return [...ensure(prepared, session), { bytes: render(prepared), expected: { awaits } }]
  }

  /** The statement stays on the server: other clients may use it. */
  #close(bytes: Buffer): readonly Step[] {
    const name = readTarget(bytes)
    const isKnown = name !== undefined && this.#statements.delete(name)
    if (isKnown && this.#mode === 'tracked') return [{ expected: { awaits: 'close', own: closeComplete } }]
    return [{ bytes, expected: { awaits: 'close' } }]
  }

  /** The statement could not be prepared, so it is forgotten. */
  failed(serverName: string): void {
    for (const [name, prepared] of this.#statements)
      if (prepared.serverName === serverName) this.#statements.delete(name)
  }

  /** The client has discarded all of them. */
  clear(): void {
    this.#statements.clear()
  }
}

/** Prepares on this session what the client has prepared on another one. */
function ensure(prepared: Prepared, session: ServerSession): readonly Step[] {
  if (session.prepared.has(prepared.serverName)) return []
  session.prepared.add(prepared.serverName)
  return [{ bytes: parse(prepared), expected: { awaits: 'parse', isOurs: true, prepares: prepared.serverName } }]
}

const rejection = errorResponse('ERROR', '0A000', 'this pooler does not support named prepared statements')
