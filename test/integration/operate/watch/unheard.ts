import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'

// A process with an idle pool that nobody listens to. Arguments: the URL, and `guarded` or `bare`.

const [url = '', kind] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: url, application_name: 'shop-api', max: 1, idleTimeoutMillis: 0 })
if (kind === 'guarded') guardPool(pool, createGuard({ logger: { warn: () => undefined } }))
await pool.query('SELECT 1')
process.stdout.write('idle\n')
process.stdin.once('data', () => {
  void pool.query('SELECT 1').then(() => process.exit(0))
})
