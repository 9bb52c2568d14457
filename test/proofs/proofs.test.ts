import { createGuard, rules, type RuleId } from '@poolsafe/core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { scenes } from './scenes.ts'
import { answer, openStage, type Stage } from './stage.ts'
import { proofs, type Proof } from './statements.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
  const admin = await stage.direct()
  await admin.query('CREATE TABLE orders (id serial PRIMARY KEY, item text)')
  await admin.query("SELECT lo_from_bytea(16409, 'seven')")
  await admin.query("SELECT pg_replication_origin_create('node_a')")
  await stage.clear()
})

afterEach(async () => {
  await stage.clear()
  const admin = await stage.direct()
  await admin.query('TRUNCATE orders')
  await stage.clear()
})

afterAll(() => stage.stop())

async function look(statement: string, { asks, question }: Proof): Promise<unknown> {
  const owner = await stage.pooled()
  await owner.query(statement)
  return answer(asks === 'owner' ? owner : await stage.pooled(), question)
}

describe.each(proofs.map((proof) => ({ rule: proof.rule, proof })))('$rule', ({ rule, proof }) => {
  test('the statement does harm through the pooler', async () => {
    expect(await look(proof.unsafe, proof)).toEqual(proof.harm)
  })

  test('the remedy does none', async () => {
    expect(await look(proof.remedy, proof)).toEqual(proof.clean)
  })

  test('the guard tells one from the other', () => {
    const guard = createGuard({ mode: 'strict' })
    expect(guard.inspect(proof.unsafe).findings.map((finding) => finding.rule)).toEqual([rule])
    expect(guard.inspect(proof.remedy).findings).toEqual([])
  })
})

describe.each(scenes)('$rule', ({ harm, harmSeen, remedy, remedySeen }) => {
  test('the calls do harm through the pooler', async () => {
    expect(await harm(stage)).toEqual(harmSeen)
  })

  test('the remedy does none', async () => {
    expect(await remedy(stage)).toEqual(remedySeen)
  })
})

/** Nobody can tell; or it takes an extension, which the servers of the tests do not have. */
const unproved: readonly RuleId[] = [
  'statement/undecided',
  'session/dblink',
  'session/extension-setting',
  'session/foreign-connection',
  'session/hypothetical-index',
  'session/package-state',
  'session/variable',
]

test('every rule is proved that a bare server can prove', () => {
  const proved = [...proofs, ...scenes].map(({ rule }) => rule)
  expect([...proved, ...unproved].toSorted()).toEqual(rules.map(({ id }) => id).toSorted())
})
