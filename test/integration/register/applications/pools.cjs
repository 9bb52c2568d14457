// Every way to use node-postgres, once. Prints what each returned.
const { Client, Pool } = require('pg')

const connectionString = process.env.DATABASE_URL
const say = (name, value) => console.log(`${name}: ${value}`)
const failed = (error) => error.name

class Counting extends Pool {
  calls = 0
  query(...args) {
    this.calls += 1
    return super.query(...args)
  }
}

async function main() {
  const pool = new Pool({ connectionString, max: 2 })
  say('pool', (await pool.query('SELECT 1 AS one')).rows[0].one)
  say('unsafe', await pool.query('SET app.pool_promise = 1').then((result) => result.command, failed))
  await new Promise((resolve) => {
    pool.query('SET app.pool_callback = 1', (error, result) => {
      say('callback', error ? failed(error) : result.command)
      resolve()
    })
  })
  const client = await pool.connect()
  say('held', await client.query('SET app.held = 1').then((result) => result.command, failed))
  client.release()
  await pool.end()

  const own = new Client(connectionString)
  await own.connect()
  say('client', await own.query('SET app.client = 1').then((result) => result.command, failed))
  await own.end()

  const counting = new Counting({ connectionString })
  say('subclass', await counting.query('SET app.subclass = 1').then((result) => result.command, failed))
  say('calls', counting.calls)
  await counting.end()
}

void main()
