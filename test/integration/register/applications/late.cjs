// Loads the driver, and creates a pool and a client, before it loads the register.
const pg = require('pg')

const connectionString = process.env.DATABASE_URL
const pool = new pg.Pool({ connectionString })
const client = new pg.Client(connectionString)
require('@poolsafe/register')

async function main() {
  await pool.query('SET app.late_pool = 1')
  await client.connect()
  await client.query('SET app.late_client = 1')
  await client.end()
  await pool.end()
}

void main()
