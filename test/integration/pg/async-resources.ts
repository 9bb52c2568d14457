import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { createHook } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** The resources of poolsafe that were created and are not destroyed. */
const open = new Set<number>()
let made = 0
createHook({
  init(id, type) {
    if (!type.startsWith('poolsafe.')) return
    made++
    open.add(id)
  },
  destroy(id) {
    open.delete(id)
  },
}).enable()

const pool = guardPool(new pg.Pool({ connectionString: process.argv[2], max: 1 }), createGuard())
await Promise.all(Array.from({ length: 20 }, () => pool.query('SELECT 1')))
if (made === 0) throw new Error('no call waited')
// The limit of the test ends what never is.
while (open.size > 0) {
  globalThis.gc?.()
  await sleep(10)
}
console.log('made and destroyed')
await pool.end()
