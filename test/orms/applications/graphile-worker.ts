import { guardPool } from '@poolsafe/pg'
import { Logger, makeWorkerUtils, runOnce } from 'graphile-worker'
import pg from 'pg'
import { guard, isTame, planted, run, url } from './application.ts'

// By hand: graphile-worker takes a pool.
const own = guard === undefined ? undefined : guardPool(new pg.Pool({ connectionString: url, max: 5 }), guard)
const options = {
  ...(own === undefined ? { connectionString: url } : { pgPool: own }),
  logger: new Logger(() => () => {}),
  noPreparedStatements: isTame,
}

await run(async () => {
  const done: unknown[] = []
  const utils = await makeWorkerUtils(options)
  await utils.migrate()
  await utils.addJob('letter', { to: 'Ursula' })
  await runOnce({ ...options, taskList: { letter: (payload) => void done.push(payload) } })
  await utils.withPgClient((client) => client.query(planted))
  await utils.release()
  await own?.end()
  return done
})
