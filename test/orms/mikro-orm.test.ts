import { createGuard, poolers, type PoolerProfile } from '@poolsafe/core'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sharedPostgres } from '../support/servers/shared-postgres.ts'
import type { Printed } from './applications/application.ts'
import { describeOrm } from './describe-orm.ts'
import { pathOf, register, runApplication } from './run-application.ts'

describeOrm({ name: 'mikro-orm', own: [['session/set', /^set names \?;$/]] })

it('sends in its schema generator what PgBouncer tracks, and the strictest pooler does not', () => {
  const rulesBehind = (pooler: PoolerProfile): string[] =>
    createGuard({ pooler })
      .inspect("set names 'utf8';")
      .findings.map(({ rule }) => rule)
  expect(rulesBehind(poolers.pgbouncer({ version: '1.18' }))).toEqual([])
  expect(rulesBehind(poolers.strictest())).toEqual(['session/set'])
})

describe('the session context', () => {
  async function requests(sessionContext: string): Promise<Printed> {
    const target = await sharedPostgres()
    onTestFinished(() => target.stop())
    const hostile = await startHostilePooler({ target })
    onTestFinished(() => hostile.stop())
    return runApplication(pathOf('mikro-orm-tenants'), hostile, register, { SESSION_CONTEXT: sessionContext })
  }

  it('is found per connection, where requests see another tenant or none', async () => {
    const { results, findings } = await requests('connection')
    expect((results as { wrong: number }).wrong).toBeGreaterThan(0)
    expect(findings.map(({ rule }) => rule)).toContain('session/set-config')
  })

  it('is silent per transaction, where each request sees its own tenant', async () => {
    expect(await requests('transaction')).toEqual({ results: { wrong: 0 }, findings: [] })
  })
})
