// Every way to use postgres.js, once. Prints what each returned.
import postgres from 'postgres'
import { run } from './postgres-js-calls.cjs'

await run(postgres)
