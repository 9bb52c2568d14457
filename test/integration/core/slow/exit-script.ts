import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'

const [, , connectionString] = process.argv
const guard = createGuard({ observe: { slowQueryMillis: 50, slowQueryIntervalMillis: 60_000 } })
const pool = guardPool(new pg.Pool({ connectionString, max: 1 }), guard)
await pool.query('SELECT pg_sleep(0.1)')
await pool.query('SELECT pg_sleep(0.1)')
await pool.end()
