import { MikroORM, RequestContext, defineEntity, p } from '@mikro-orm/postgresql'
import { run, url } from './application.ts'

// Twenty requests of two tenants, each with its tenant in the session context. Counts those that saw another one.

const Book = defineEntity({ name: 'Book', properties: { id: p.integer().primary() } })
const orm = await MikroORM.init({
  clientUrl: url,
  entities: [Book],
  sessionContext: process.env['SESSION_CONTEXT'] === 'connection' ? 'connection' : 'transaction',
  pool: { min: 0, max: 4 },
})

/** In `connection` mode, MikroORM takes the tenant from the entity manager of the request. */
async function request(tenant: string): Promise<boolean> {
  return RequestContext.create(orm.em, async () => {
    orm.em.setSessionContext({ variables: { 'app.tenant': tenant } })
    const seen = await orm.em.transactional(async (em) =>
      em
        .getConnection()
        .execute<{ tenant: string | null }[]>(
          "SELECT current_setting('app.tenant', true) AS tenant",
          [],
          'all',
          em.getTransactionContext(),
        ),
    )
    return seen[0]?.tenant === tenant
  })
}

await run(async () => {
  const right = await Promise.all(Array.from({ length: 20 }, (_, at) => request(at % 2 === 0 ? 'acme' : 'other')))
  await orm.close(true)
  return { wrong: right.filter((each) => !each).length }
})
