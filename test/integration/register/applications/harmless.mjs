// Sends nothing that needs the parser.
import { isParserLoaded } from '@poolsafe/core/internal'
import { Pool } from 'pg'

const pool = new Pool({ connectionString: process.env.DATABASE_URL })
await pool.query('SELECT 1')
await pool.end()
console.log(isParserLoaded())
