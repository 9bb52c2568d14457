import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import { guard, planted, run, url } from './application.ts'

// By hand: pg-boss takes an object that sends its statements.
const own = guard === undefined ? undefined : guardPool(new pg.Pool({ connectionString: url, max: 3 }), guard)
const boss = new PgBoss(
  own === undefined
    ? { connectionString: url, max: 3 }
    : { db: { executeSql: (text: string, values?: unknown[]) => own.query(text, values) } },
)
boss.on('error', console.error)

await run(async () => {
  await boss.start()
  await boss.createQueue('letters')
  await boss.send('letters', { to: 'Ursula' })
  const jobs = await boss.fetch<{ to: string }>('letters')
  await boss.complete(
    'letters',
    jobs.map(({ id }) => id),
  )
  await boss.getDb().executeSql(planted)
  await boss.stop({ graceful: false })
  await own?.end()
  return jobs.map(({ data }) => data)
})
