import { createPool, sql } from 'slonik'
import { failing, isTame, planted, run, url } from './application.ts'

// PgBouncer refuses the startup parameters that Slonik's two limits become.
const pool = await createPool(url, {
  maxPoolSize: 3,
  statementTimeout: 'DISABLE_TIMEOUT',
  idleInTransactionSessionTimeout: 'DISABLE_TIMEOUT',
  ...(isTame && { resetConnection: async () => {} }),
})

await run(async () => {
  await pool.query(sql.unsafe`CREATE TABLE books (id serial PRIMARY KEY, title text)`)
  await pool.query(sql.unsafe`INSERT INTO books (title) VALUES (${'The Dispossessed'})`)
  const found = await pool.any(sql.unsafe`SELECT * FROM books`)
  await pool.transaction((transaction) => transaction.query(sql.unsafe`INSERT INTO books (title) VALUES (${'Tehanu'})`))
  const failed = await pool
    .transaction(async (transaction) => {
      await transaction.query(sql.unsafe`INSERT INTO books (title) VALUES (${'never'})`)
      throw new Error('rolled back')
    })
    .catch((error: Error) => error.message)
  await pool.query(planted === failing ? sql.unsafe`SELECT missing` : sql.unsafe`SET app.tenant = 'acme'`)
  const rows = await pool.one(sql.unsafe`SELECT count(*)::int AS n FROM books`)
  await pool.end()
  return { found, failed, rows }
})
