// Sends one statement that names the first argument.
import { Client } from 'pg'

const client = new Client(process.env.DATABASE_URL)
await client.connect()
await client.query(`SET app.${process.argv[2]} = 1`)
await client.end()
