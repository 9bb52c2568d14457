import { createPool, sql } from 'slonik'

const pool = await createPool(process.env.DATABASE_URL)
await pool.query(sql.unsafe`CREATE TABLE users (id serial PRIMARY KEY, name text)`)
await pool.query(sql.unsafe`INSERT INTO users (name) VALUES (${'Ursula'})`)
console.log((await pool.any(sql.unsafe`SELECT * FROM users`)).length, 'users')
await pool.end()
