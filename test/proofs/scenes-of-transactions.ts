import { engineOf } from '@poolsafe/core/adapter'
import { answer } from '../support/session/answer.ts'
import { insert, inspected, isWritten, type Scene } from './play.ts'

export const scenesOfTransactions: readonly Scene[] = [
  {
    rule: 'transaction/unpinned',
    unsafe: "pool.query('BEGIN'), and somebody’s INSERT before pool.query('ROLLBACK')",
    async harm(play) {
      const pool = play.pool()
      await pool.query('BEGIN')
      await pool.query(insert(play))
      await pool.query('ROLLBACK')
      return (await isWritten(play)) ? 'none' : 'leaks'
    },
    verdict: ({ target }) => inspected('transaction/unpinned', target.profile, 'BEGIN', { pinned: false }),
    safe: 'BEGIN and ROLLBACK on a client of pool.connect()',
    async remedy(play) {
      const pool = play.pool()
      const client = await pool.connect()
      await client.query('BEGIN')
      await pool.query(insert(play))
      await client.query('ROLLBACK')
      client.release()
      return (await isWritten(play)) ? 'none' : 'leaks'
    },
  },
  {
    rule: 'transaction/left-open',
    unsafe: 'client.release() after BEGIN, and somebody’s INSERT',
    async harm(play) {
      const pool = play.pool()
      const client = await pool.connect()
      await client.query('BEGIN')
      client.release()
      await pool.query(insert(play))
      return (await isWritten(play)) ? 'none' : 'leaks'
    },
    verdict(play) {
      const entry = (): unknown => engineOf(play.guard()).refuseCall('releasedInTransaction', entry)
      entry()
      return play.told('transaction/left-open')
    },
    safe: 'client.release() after BEGIN and COMMIT',
    async remedy(play) {
      const pool = play.pool()
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query('COMMIT')
      client.release()
      await pool.query(insert(play))
      return (await isWritten(play)) ? 'none' : 'leaks'
    },
  },
  {
    rule: 'transaction/outside-handle',
    unsafe: 'pool.query(INSERT) inside the transaction of a client that is rolled back',
    async harm(play) {
      const pool = play.guardedPool()
      const client = await pool.connect()
      await client.query('BEGIN')
      await pool.query(insert(play))
      await client.query('ROLLBACK')
      client.release()
      return (await isWritten(play)) ? 'lost' : 'none'
    },
    safe: 'the same INSERT on the client of the transaction',
    async remedy(play) {
      const client = await play.guardedPool().connect()
      await client.query('BEGIN')
      await client.query(insert(play))
      await client.query('ROLLBACK')
      client.release()
      return (await isWritten(play)) ? 'lost' : 'none'
    },
  },
  {
    rule: 'connection/used-after-release',
    unsafe: 'client.query(BEGIN) after client.release(), and somebody’s INSERT before its ROLLBACK',
    async harm(play) {
      const pool = play.guardedPool({ max: 1 })
      const client = await pool.connect()
      client.release()
      await client.query('BEGIN')
      await pool.query(insert(play))
      await client.query('ROLLBACK')
      return (await isWritten(play)) ? 'none' : 'leaks'
    },
    safe: 'BEGIN and ROLLBACK, each awaited before client.release()',
    async remedy(play) {
      const pool = play.guardedPool({ max: 1 })
      const client = await pool.connect()
      await client.query('BEGIN')
      await client.query('ROLLBACK')
      client.release()
      await pool.query(insert(play))
      return (await isWritten(play)) ? 'none' : 'leaks'
    },
  },
  {
    rule: 'transaction/commit-rolled-back',
    unsafe: 'COMMIT after a statement whose error nobody passed on',
    async harm(play) {
      const client = await play.guardedPool().connect()
      await client.query('BEGIN')
      await client.query(insert(play))
      await answer(client, 'SELECT 1/0')
      await client.query('COMMIT')
      client.release()
      return (await isWritten(play)) ? 'none' : 'ineffective'
    },
    safe: 'SAVEPOINT before that statement, ROLLBACK TO it after the error, and COMMIT',
    async remedy(play) {
      const client = await play.guardedPool().connect()
      await client.query('BEGIN')
      await client.query(insert(play))
      await client.query('SAVEPOINT optional')
      await answer(client, 'SELECT 1/0')
      await client.query('ROLLBACK TO optional')
      await client.query('COMMIT')
      client.release()
      return (await isWritten(play)) ? 'none' : 'ineffective'
    },
  },
]
