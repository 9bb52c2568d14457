import { once } from 'node:events'
import pg from 'pg'
import { startTestPostgres } from './postgres-versions.ts'

// Starts a PostgreSQL, prints where it is as one line of JSON, and stops it when the standard input ends.

const { host, port, user, password, database, url, version, stop } = await startTestPostgres({
  settings: { max_connections: '300' },
})
// Thousands of connections log in, so checking the password must be cheap.
const admin = new pg.Client(url)
await admin.connect()
await admin.query(
  `${Number(version.split('.')[0]) < 16 ? '' : 'SET scram_iterations = 1;'} ALTER ROLE ${user} PASSWORD '${password}'`,
)
await admin.end()
console.log(JSON.stringify({ host, port, user, password, database, url, version }))
process.stdin.resume()
await once(process.stdin, 'end')
await stop()
