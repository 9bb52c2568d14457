import { poolers } from '@poolsafe/core'
import { connect as connectSocket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { codeOf, pidOf, usePoolers } from './use-poolers.ts'

const { postgres, start, connect } = usePoolers()

describe('startup', () => {
  test('parameters that the profile tracks are the client’s on every session', async () => {
    const pooler = await start({ pooler: poolers.pgbouncer({ version: '1.26', serverVersion: 18 }) })
    const client = await connect(pooler.url, { options: '-c search_path=one,two' })
    for (let count = 0; count < 4; count++)
      expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: 'one,two' }])
    expect(await pooler.reports()).toEqual([])
  })

  test('parameters that it does not track are refused, or dropped where that is asked for', async () => {
    const pooler = await start({ ignoreStartupParameters: ['lock_timeout'] })
    await expect(connect(pooler.url, { statement_timeout: 1000 })).rejects.toMatchObject({
      code: '08P01',
      message: 'unsupported startup parameter: statement_timeout',
    })
    await expect(connect(pooler.url, { options: '-c work_mem=5MB' })).rejects.toThrow(
      'unsupported startup parameter in options: work_mem',
    )
    const client = await connect(pooler.url, { lock_timeout: 1000 })
    expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }])
  })

  test('asks for a password only where PostgreSQL does and none is known', async () => {
    const { host, port, user, database } = postgres()
    const pooler = await start({ target: { host, port, user, database } })
    const urlWith = (password: string): string => pooler.url.replace('@', `:${password}@`)
    expect(await codeOf(connect(urlWith('wrong')))).toBe('28P01')
    expect(await pidOf(await connect(urlWith(postgres().password)))).toBeGreaterThan(0)
    expect(await codeOf(connect(urlWith('wrong')))).toBe('28P01')
  })

  test('says what PostgreSQL says of a database that is not there', async () => {
    const pooler = await start()
    expect(await codeOf(connect(pooler.urlFor('postgres', 'nowhere')))).toBe('3D000')
  })

  test('refuses encryption, and what is no startup packet', async () => {
    const pooler = await start()
    await expect(connect(pooler.url, { ssl: true })).rejects.toThrow('does not support SSL')
    const socket = connectSocket(pooler.port, pooler.host)
    const said = new Promise<string>((resolve) => socket.once('data', (data: Buffer) => resolve(data.toString())))
    socket.write('GET / HTTP/1.1\r\n\r\n')
    expect(await said).toContain('invalid startup packet')
  })
})
