import { rules } from '@poolsafe/core'
import type { Example } from '@poolsafe/core/internal'
import type { ReportedState } from '@poolsafe/testing/hostile'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dirt } from '../../../corpus/labels/dirt.ts'
import { dirtyTransaction, openStage, type Outcome, type Sent, type Stage } from './stage.ts'
import { exceptions } from './exceptions.ts'

const playingMillis = 600_000

/** How the hostile pooler comes to know of an unsafe example. */
type Seen = 'difference' | 'difference in a session that had some' | 'answer' | 'text' | 'not seen'

interface Played {
  readonly rule: string
  readonly sql: string
  readonly seen: Seen
  /** The rules that the reports name. */
  readonly named: readonly string[]
  readonly error: string | undefined
}

/** Values for the parameters of examples; what PREPARE and functions number is none of the client's. */
function toSent(given: string | Example): Sent {
  const { sql, named = false } = typeof given === 'string' ? { sql: given } : given
  if (named) return { sql, name: 'example' }
  if (!/\$\d/.test(sql) || /^prepare/i.test(sql)) return { sql }
  if (/set_config\(\$1/.test(sql)) return { sql, values: ['app.made', '7', 'false'] }
  const count = new Set(sql.match(/\$\d/g)).size
  return { sql, values: Array.from({ length: count }, () => (sql.includes('slot') ? 'true' : '7')) }
}

function seenIn(states: readonly ReportedState[], isDirty: boolean): Seen {
  if (states.some((state) => state.seenIn === 'session'))
    return isDirty ? 'difference in a session that had some' : 'difference'
  return (['answer', 'text'] as const).find((way) => states.some((state) => state.seenIn === way)) ?? 'not seen'
}

function statesOf({ reports }: Outcome, from = 1): ReportedState[] {
  return reports.filter(({ seq }) => seq >= from).flatMap(({ states }) => states)
}

async function play(stage: Stage, rule: string, example: string | Example): Promise<Played> {
  const sent = toSent(example)
  const { sql } = sent
  const outcome = await stage.onFresh(sent)
  const { error } = outcome
  const fresh = statesOf(outcome)
  const named = (states: readonly ReportedState[]): string[] => states.map((state) => state.rule)
  if (seenIn(fresh, false) === 'difference') return { rule, sql, seen: 'difference', named: named(fresh), error }
  const dirty = statesOf(await stage.onDirty(sent, dirt(sql).sql), dirtyTransaction)
  const isDifferent = seenIn(dirty, true).startsWith('difference')
  return isDifferent
    ? { rule, sql, seen: seenIn(dirty, true), named: named(dirty), error }
    : { rule, sql, seen: seenIn(fresh, false), named: named(fresh), error }
}

describe('the hostile pooler agrees with the rules', () => {
  let stage: Stage
  const unsafe: Played[] = []

  beforeAll(async () => {
    stage = await openStage()
    for (const { id, examples } of rules)
      for (const example of examples.unsafe) unsafe.push(await play(stage, id, example))
  }, playingMillis)

  afterAll(() => stage.stop())

  test('on every unsafe example, but for those that leave nothing to be seen', () => {
    const counts = Object.entries(Object.groupBy(unsafe, ({ seen }) => seen)).map(
      ([seen, played]) => `${seen}: ${played.length}`,
    )
    console.log(`${unsafe.length} unsafe examples; ${counts.join(', ')}`)
    const missed = unsafe.filter(({ seen }) => seen === 'not seen' || seen === 'text')
    for (const { why, applies } of exceptions) console.log(`${missed.filter(applies).length} of them: ${why}`)
    const unexplained = missed.filter((played) => !exceptions.some(({ applies }) => applies(played)))
    expect(
      unexplained.map(({ rule, sql, seen, error }) => [rule, sql, seen, error]),
      'The hostile pooler should see these, or exceptions.ts says why not.',
    ).toEqual([])
    expect(exceptions.filter((exception) => !missed.some(exception.applies)).map(({ why }) => why)).toEqual([])
  })

  test('on the rule, for everything that it sees', () => {
    const wrong = unsafe.filter(({ seen, rule, named }) => seen !== 'not seen' && !named.includes(rule))
    expect(wrong.map(({ rule, sql, named }) => [rule, sql, named])).toEqual([])
  })

  test('on every safe example: it reports nothing', { timeout: playingMillis }, async () => {
    const wrong: unknown[] = []
    let count = 0
    for (const { id, examples } of rules) {
      for (const example of examples.safe) {
        count++
        const { reports } = await stage.onFresh(toSent(example))
        if (reports.length > 0) wrong.push([id, example, reports.flatMap(({ states }) => states)])
      }
    }
    console.log(`${count} safe examples; nothing reported: ${count - wrong.length}`)
    expect(wrong).toEqual([])
  })
})
