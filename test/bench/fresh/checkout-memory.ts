import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { connectCanned } from '../contenders/canned-server.ts'
import { guardLeast } from '../contenders/least-gate.ts'

// Prints the bytes that a connection holds while it is checked out, and those that a checkout allocates.
// First argument: base, guarded or least (the least that a gate can do). Wants --expose-gc, and young space enough that nothing is collected meanwhile.

const connections = 2_000
const checkouts = 50_000
const [variant] = process.argv.slice(2)

const before = heapBytes()
const pool = makePool(connections)
const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
const held = (heapBytes() - before) / connections
for (const client of clients) client.release()
await pool.end()

const small = makePool(1)
await checkOutAndBack(20_000)
const start = heapBytes()
await checkOutAndBack(checkouts)
const allocated = (process.memoryUsage().heapUsed - start) / checkouts
await small.end()
console.log(JSON.stringify({ held, allocated }))

function makePool(max: number): pg.Pool {
  const plain = new pg.Pool({ stream: connectCanned, max })
  if (variant === 'least') return guardLeast(plain)
  return variant === 'guarded' ? guardPool(plain, createGuard()) : plain
}

async function checkOutAndBack(times: number): Promise<void> {
  for (let index = 0; index < times; index++) {
    const client = await small.connect()
    client.release()
  }
}

function heapBytes(): number {
  global.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  return process.memoryUsage().heapUsed
}
