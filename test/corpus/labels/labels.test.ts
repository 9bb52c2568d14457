import { createGuard } from '@poolsafe/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Statement } from '../statement.ts'
import { blindSpots } from './blind-spots.ts'
import { startOracle, type Label, type Oracle } from './oracle.ts'
import { statements } from './statements.ts'

/** The least that the server must have labelled, so that losing statements is noticed. */
const least = 500
const labellingMillis = 1_800_000

const guard = createGuard()

interface Labelled {
  readonly sql: string
  readonly label: Label
  readonly verdict: Label
}

/**
 * A statement without effect outside a transaction leaves nothing, and strict mode alone reports statements that it
 * cannot read.
 */
function judge({ sql, inTransaction = false }: Statement): Label {
  const { findings } = guard.inspect(sql, { inTransaction })
  return findings.some(({ outcome }) => outcome !== 'ineffective' && outcome !== 'unknown') ? 'unsafe' : 'safe'
}

describe('the verdict of a real PostgreSQL on each statement', () => {
  /** Statements affect each other on a server, so each oracle has its own server. */
  let oracles: readonly Oracle[] = []
  const labelled: Labelled[] = []

  beforeAll(async () => {
    oracles = await Promise.all([startOracle(), startOracle()])
    const queue = statements().values()
    await Promise.all(
      oracles.map(async (oracle) => {
        for (const statement of queue) {
          labelled.push({ sql: statement.sql, label: await oracle.label(statement), verdict: judge(statement) })
        }
      }),
    )
  }, labellingMillis)

  afterAll(() => Promise.all(oracles.map((oracle) => oracle.stop())))

  test('labels enough of both kinds', () => {
    const counts = Object.groupBy(labelled, ({ label }) => label)
    console.log(
      Object.entries(counts)
        .map(([label, of]) => `${label}: ${of.length}`)
        .join(', '),
    )
    expect(counts.unsafe?.length).toBeGreaterThanOrEqual(least)
    expect(counts.safe?.length).toBeGreaterThanOrEqual(least)
  })

  test.each(['unsafe', 'safe'] as const)('is what the guard says, of all that is %s', (label) => {
    const wrong = labelled.filter((each) => each.label === label && each.verdict !== label)
    expect(wrong.map(({ sql }) => sql).filter((sql) => !blindSpots.some((spot) => spot.sql.test(sql)))).toEqual([])
  })

  test('differs in every blind spot that is listed', () => {
    const differing = labelled.filter(({ label, verdict }) => label !== 'refused' && label !== verdict)
    expect(blindSpots.filter((spot) => !differing.some(({ sql }) => spot.sql.test(sql))).map(({ why }) => why)).toEqual(
      [],
    )
  })
})
