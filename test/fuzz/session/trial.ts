import type { FindingEvent, RuleId } from '@poolsafe/core'
import { openPlayers, type PlayedMode, type Player } from './forms.ts'
import { mightStay, Replay } from './replay.ts'
import { restore } from './stage.ts'
import type { Form, Kind, MadeTransaction } from './transaction.ts'

/** The kinds of state that the findings of a rule report. */
const kindsOfRule: { readonly [Id in RuleId]?: readonly Kind[] } = {
  'session/set': ['setting'],
  'session/set-config': ['setting', 'role'],
  'session/characteristics': ['setting'],
  'session/role': ['role'],
  'session/prepared-statement': ['prepared'],
  'session/listen': ['listen'],
  'session/temp-object': ['temporary'],
  'session/advisory-lock': ['lock'],
  'session/held-cursor': ['cursor'],
}

/** One finding. */
interface Report {
  readonly rule: RuleId
  /** The finding reports that something is left. */
  readonly leaks: boolean
  /** The index of the text that caused it; past the last text for the end of the transaction. */
  readonly at: number
}

/** The result of one transaction. */
export interface Verdict {
  /** Kinds of state that the session holds, and no finding reports. */
  readonly missed: readonly Kind[]
  /** Rules whose finding reports state that the session neither holds, nor would hold if a statement had failed. */
  readonly falseAlarms: readonly RuleId[]
  /** Kinds of state that the session holds. */
  readonly dirty: readonly Kind[]
  readonly isReported: boolean
}

/** Plays transactions on a live server, one connection for each form. */
export class Trial {
  readonly #players: ReadonlyMap<Form, Player>

  private constructor(players: ReadonlyMap<Form, Player>) {
    this.#players = players
  }

  static async open(url: string, mode: PlayedMode): Promise<Trial> {
    return new Trial(await openPlayers(url, mode))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#players.values()].map((player) => player.close()))
  }

  /** @param isExamined looks for false alarms as well, which takes several runs */
  async judge(transaction: MadeTransaction, isExamined: boolean): Promise<Verdict> {
    const player = this.#players.get(transaction.form)
    if (player === undefined) throw new Error(`There is no form ${transaction.form}.`)
    const { session } = player
    const reports = await reportsOf(player, transaction)
    const dirty = await session.endAndClean()
    const missed = [...dirty].filter((kind) => !reports.some(({ rule }) => kindsOfRule[rule]?.includes(kind)))
    await restore(session, transaction)
    const falseAlarms: RuleId[] = []
    for (const { rule, at, leaks } of isExamined ? reports : []) {
      const speaksOf = kindsOfRule[rule] ?? []
      if (!leaks || speaksOf.length === 0 || speaksOf.some((kind) => dirty.has(kind)) || falseAlarms.includes(rule))
        continue
      if (!(await mightStay(new Replay(session, transaction, at), speaksOf))) falseAlarms.push(rule)
    }
    return { missed, falseAlarms, dirty: [...dirty], isReported: reports.length > 0 }
  }
}

async function reportsOf(player: Player, transaction: MadeTransaction): Promise<Report[]> {
  const reports: Report[] = []
  let at = 0
  const stop = player.guard.on('finding', ({ findings }: FindingEvent) => {
    for (const { rule, outcome } of findings) reports.push({ rule, at, leaks: outcome === 'leaks' })
  })
  await player.play(transaction, (index) => (at = index))
  stop()
  return reports
}
