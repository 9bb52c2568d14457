// Guards one sql itself. Another is left to the register.
import { createGuard } from '@poolsafe/core'
import { guardSql } from '@poolsafe/postgres-js'
import { registeredGuard } from '@poolsafe/register'
import postgres from 'postgres'

const options = { max: 1, prepare: false }
const guard = createGuard({ rules: { 'session/set': 'allow' }, logger: { warn() {} } })
const found = []
registeredGuard()?.on('finding', ({ statement }) => found.push(statement))

const sql = guardSql(postgres(process.env.DATABASE_URL, options), guard, { acquireTimeoutMillis: 1234 })
await sql`SET app.own = 1`
await sql.begin((tx) => tx`SET app.inside = 1`)
const other = postgres(process.env.DATABASE_URL, options)
await other`SET app.other = 1`
await sql.end()
await other.end()
console.log(JSON.stringify({ found, own: guard.stats().totalQueries, pools: guard.stats().endedPools.length }))
