import { rules, type Example } from '@poolsafe/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dirt } from '../labels/dirt.ts'
import { dirtyTransaction, openStage, type Outcome, type Sent, type Stage } from './stage.ts'
import { exceptions } from './exceptions.ts'

const playingMillis = 600_000

/** How the hostile pooler comes to know of an unsafe example. */
type Seen = 'difference' | 'difference in a session that had some' | 'answer' | 'text' | 'not seen'

interface Played {
  readonly rule: string
  readonly sql: string
  readonly seen: Seen
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

function seenIn({ reports }: Outcome, from = 1): Seen {
  const states = reports.filter(({ seq }) => seq >= from).flatMap((report) => report.states)
  if (states.some((state) => state.seenIn === 'session')) return from === 1 ? 'difference' : 'difference in a session that had some'
  return (['answer', 'text'] as const).find((way) => states.some((state) => state.seenIn === way)) ?? 'not seen'
}

async function play(stage: Stage, rule: string, example: string | Example): Promise<Played> {
  const sent = toSent(example)
  const fresh = await stage.onFresh(sent)
  const seen = seenIn(fresh)
  if (seen === 'difference') return { rule, sql: sent.sql, seen, error: fresh.error }
  const dirty = seenIn(await stage.onDirty(sent, dirt(sent.sql)), dirtyTransaction)
  return { rule, sql: sent.sql, seen: dirty.startsWith('difference') ? dirty : seen, error: fresh.error }
}

describe('the hostile pooler agrees with the rules', () => {
  let stage: Stage
  const unsafe: Played[] = []

  beforeAll(async () => {
    stage = await openStage()
    for (const { id, examples } of rules) for (const example of examples.unsafe) unsafe.push(await play(stage, id, example))
  }, playingMillis)

  afterAll(() => stage.stop())

  test('on every unsafe example, but for those that leave nothing to be seen', () => {
    const counts = Object.entries(Object.groupBy(unsafe, ({ seen }) => seen)).map(([seen, played]) => `${seen}: ${played.length}`)
    console.log(`${unsafe.length} unsafe examples; ${counts.join(', ')}`)
    const missed = unsafe.filter(({ seen }) => seen === 'not seen' || seen === 'text')
    const unexplained = missed.filter((played) => !exceptions.some((exception) => exception.applies(played)))
    expect(unexplained.map(({ rule, sql, seen, error }) => [rule, sql, seen, error])).toEqual([])
    expect(exceptions.filter((exception) => !missed.some((played) => exception.applies(played))).map(({ why }) => why)).toEqual([])
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
