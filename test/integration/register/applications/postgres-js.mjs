// A driver that speaks the protocol itself.
import postgres from 'postgres'

const sql = postgres(process.env.DATABASE_URL)
console.log((await sql`SELECT 1 AS one`)[0].one)
await sql.end()
