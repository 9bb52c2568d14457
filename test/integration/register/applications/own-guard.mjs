// Guards one pool itself, after it has created it. Another pool is left to the register.
import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { registeredGuard } from '@poolsafe/register'
import { Pool } from 'pg'

const connectionString = process.env.DATABASE_URL
const guard = createGuard({ rules: { 'session/set': 'allow' }, logger: { warn() {} } })
const found = []
registeredGuard()?.on('finding', ({ statement }) => found.push(statement))

const pool = new Pool({ connectionString })
guardPool(pool, guard, { acquireTimeoutMillis: 1234 })
await pool.query('SET app.own = 1')
const other = new Pool({ connectionString })
await other.query('SET app.other = 1')
await pool.end()
await other.end()
console.log(JSON.stringify({ found, own: guard.stats().totalQueries, pools: guard.stats().endedPools.length }))
