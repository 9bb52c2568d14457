import type { PoolsafeError } from '@poolsafe/core'
import {
  sqlStateOf,
  type Answer,
  type Call,
  type Ending,
  type Engine,
  type Entry,
  type Replacement,
  type StatementRemedy,
} from '@poolsafe/core/adapter'
import { ends, firstReason, noteAnswer } from '@poolsafe/core/internal'
import { sendAndJudge } from './answer.ts'
import { rememberBegin } from './begun.ts'
import type { ClientState } from './client-state.ts'
import type { ClientMover } from './direct/client-mover.ts'
import { canClearLater, hasRoomForMore, sendEnding, type EndingCall } from './ending.ts'
import { repairCallOf, repairedArguments, sendRepaired } from './repaired.ts'
import { isNameAlone, refuseCall, statementOf, type Statement } from './statement.ts'
import type { Arguments, ClientLike, DriverFunction } from './types.ts'
import { unpatched } from './unpatched.ts'
import { refuseMisuse } from './use-after-release.ts'

/** Judges every form of `client.query` before it is sent. */
export function guardQuery(client: ClientLike, guard: Engine, state: ClientState): void {
  const send = unpatched(client.query)
  const judged = new JudgedQueries(client, guard, state)
  function query(this: unknown, ...args: unknown[]): unknown {
    const statement = isJudged(args[0], state) ? undefined : statementOf(args[0], guard, client)
    const misuse = state.life?.isSuspect === true ? refuseMisuse(state.life, guard, args[0], query) : undefined
    if (misuse !== undefined) return refuseCall(args, misuse, connectionOf(client))
    if (statement === undefined) return Reflect.apply(send, client, args)
    return judged.send(args, statement, query)
  }
  const { mover } = state
  client.query = mover === undefined ? query : routed(query, guard, state, mover)
}

/** Sends statements of a moved checkout on its direct connection. */
function routed(query: DriverFunction, guard: Engine, { life }: ClientState, mover: ClientMover): DriverFunction {
  return function routedQuery(...args: unknown[]): unknown {
    const { moved } = mover
    if (moved === undefined) return query(...args)
    const misuse = life?.isSuspect === true ? refuseMisuse(life, guard, args[0], routedQuery) : undefined
    return misuse === undefined ? moved.query(args, routedQuery) : refuseCall(args, misuse, undefined)
  }
}

function isJudged(config: unknown, state: ClientState): boolean {
  if (state.lentFor === undefined || state.lentFor !== config) return false
  state.lentFor = undefined
  return !isNameAlone(config)
}

function connectionOf(client: ClientLike): unknown {
  return (client as { readonly connection?: unknown }).connection
}

type Send = (args: Arguments) => unknown

/** The part of a call that says if its checkout can move to a direct connection. */
type Mobility = Pick<Call, 'canMove' | 'staysFor'>

const hasNoDirectPool: Mobility = {}

/** Sends the statements of one client that are not harmless. */
class JudgedQueries {
  readonly #client: ClientLike
  readonly #guard: Engine
  readonly #state: ClientState
  readonly #apply: Send

  constructor(client: ClientLike, guard: Engine, state: ClientState) {
    const send = unpatched(client.query)
    this.#client = client
    this.#guard = guard
    this.#state = state
    this.#apply = (args) => state.transaction.send(() => Reflect.apply(send, client, args))
  }

  send(args: Arguments, statement: Statement, entry: Entry): unknown {
    const { mover } = this.#state
    const remedy = this.#remedy(args, statement, this.#mobility)
    const sendHere = (sent: Arguments): unknown => this.#sendHere(sent, entry)
    const moved = remedy?.move && mover?.move(args, remedy.move, sendHere, entry)
    return moved === undefined ? this.#sendJudged(args, statement, entry, remedy) : moved.result
  }

  /** Sends a statement on the pooled connection in any case. */
  #sendHere(args: Arguments, entry: Entry): unknown {
    const statement = statementOf(args[0], this.#guard, this.#client)
    if (statement === undefined) return this.#apply(args)
    return this.#sendJudged(args, statement, entry, this.#remedy(args, statement, { canMove: false }))
  }

  get #mobility(): Mobility {
    const { mover, isLent, transaction } = this.#state
    if (mover === undefined) return hasNoDirectPool
    const { staysFor } = mover
    if (staysFor !== undefined) return { canMove: false, staysFor }
    return { canMove: !isLent && !transaction.current.isOpen }
  }

  #remedy(args: Arguments, { sql, analysis, named }: Statement, mobility: Mobility): StatementRemedy | undefined {
    const { repairs } = this.#guard
    if (!repairs && mobility.canMove !== true) return undefined
    const call: Call = { transaction: this.#state.transaction.current, pinned: true, named, ...mobility }
    if (!repairs) return this.#guard.remedy(sql, analysis, call)
    const client = this.#client
    if (ends(analysis)) return this.#guard.remedy(sql, analysis, { ...call, canClear: hasRoomForMore(client, args) })
    return this.#guard.remedy(sql, analysis, { ...call, ...repairCallOf(args), canClear: canClearLater(client) })
  }

  #sendJudged(
    args: Arguments,
    { sql, analysis, named }: Statement,
    entry: Entry,
    remedy: StatementRemedy | undefined,
  ): unknown {
    const { transaction, mover } = this.#state
    const { current } = transaction
    const wasOpen = current.isOpen
    const refusal = this.#guard.refuse(sql, analysis, { transaction: current, pinned: true, named }, entry, remedy)
    const error = this.#noted(refusal, analysis)
    if (error !== undefined) return refuseCall(args, error, connectionOf(this.#client))
    mover?.note(analysis)
    if (typeof remedy?.ending === 'object') return this.#end(args, sql, analysis, remedy.ending)
    if (remedy?.send !== undefined && remedy.send.sql !== sql) return this.#repaired(args, sql, remedy.send)
    if (!wasOpen && transaction.isOpen) return rememberBegin(this.#client, transaction, this.#apply(args), entry)
    const judged = remedy?.send?.analysis ?? analysis
    if (judged.telltales === undefined) return this.#apply(args)
    return sendAndJudge(this.#apply, args, (answers) => this.#judge(sql, judged, answers))
  }

  #repaired(args: Arguments, sql: string, send: Replacement): unknown {
    const client = this.#client
    const repaired = { sql, send }
    const apply: Send = (sent) => sendRepaired(client, repaired, this.#apply, sent)
    const changed = repairedArguments(args, client, repaired)
    const { analysis, tried } = send
    if (tried === undefined && analysis.telltales === undefined) return apply(changed)
    return sendAndJudge(apply, changed, (answers) => {
      noteAnswer(send, this.#state.transaction.current, answers)
      return this.#judge(sql, analysis, answers)
    })
  }

  #end(args: Arguments, sql: string, analysis: Statement['analysis'], ending: Ending): unknown {
    const call: EndingCall = {
      client: this.#client,
      sql,
      ending,
      send: this.#apply,
      onFailure: (failed) => {
        const error = this.#guard.refuseUncleared(ending, { ...failed, sqlState: sqlStateOf(failed.error) })
        return this.#noted(error)
      },
    }
    const send: Send = (sent) => sendEnding(sent, call)
    return sendAndJudge(send, args, (answers) => this.#judge(sql, analysis, answers))
  }

  #judge(sql: string, analysis: Statement['analysis'], answers: readonly Answer[]): PoolsafeError | undefined {
    const error = this.#state.transaction.takeLateError() ?? this.#guard.refuseAnswer(sql, analysis, answers)
    return this.#noted(error)
  }

  #noted(error: PoolsafeError | undefined, analysis?: Statement['analysis']): PoolsafeError | undefined {
    if (error === undefined) return undefined
    const state = this.#state
    state.refused = analysis === undefined ? error : firstReason(state.refused, error, analysis)
    return state.refused
  }
}
