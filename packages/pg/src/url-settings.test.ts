import { InvalidOptionError } from '@poolsafe/core'
import { describe, expect, it } from 'vitest'
import { poolSettings } from './pool-options.ts'
import { withoutPassword } from './url-settings.ts'

describe('poolSettings', () => {
  it("gives Prisma's names, in seconds, the names of node-postgres, in milliseconds", () => {
    const url =
      'postgresql://u:p@h:5432/db?connection_limit=50&pool_timeout=20&connect_timeout=10&socket_timeout=3&schema=app&sslmode=require'
    expect(poolSettings(url)).toEqual({
      config: {
        connectionString: 'postgresql://u:p@h:5432/db?sslmode=require',
        max: 50,
        connectionTimeoutMillis: 10_000,
        query_timeout: 3000,
      },
      options: { acquireTimeoutMillis: 20_000, connectTimeoutMillis: 10_000 },
      schema: 'app',
      notes: [],
    })
  })

  it('leaves out what the URL does not say', () => {
    const url = 'postgres://u@h/db'
    expect(poolSettings(url)).toEqual({ config: { connectionString: url }, options: {}, schema: undefined, notes: [] })
  })

  it('reads 0 as no limit, as Prisma does', () => {
    const { config, options } = poolSettings('postgres://h/db?pool_timeout=0&connect_timeout=0')
    expect(options).toEqual({ acquireTimeoutMillis: Infinity, connectTimeoutMillis: Infinity })
    expect(config).toMatchObject({ connectionTimeoutMillis: 0 })
  })

  it('says what does nothing any more', () => {
    const { notes, config } = poolSettings('postgres://h/db?pgbouncer=true&statement_cache_size=0')
    expect(notes).toEqual([
      expect.stringContaining('pgbouncer=true does nothing'),
      expect.stringContaining('statement_cache_size does nothing'),
    ])
    expect(config.connectionString).toBe('postgres://h/db')
  })

  it.each([
    'connection_limit=0',
    'connection_limit=-1',
    'connection_limit=ten',
    'pool_timeout=-5',
    'connect_timeout=1.5',
    'socket_timeout=NaN',
  ])('refuses %s', (parameter) => {
    const [name = '', value = ''] = parameter.split('=')
    expect(() => poolSettings(`postgres://h/db?${parameter}`)).toThrow(
      new RegExp(`^${name} in the URL of the pool must be a whole number .*got '${value}'`),
    )
  })

  it.each([
    'postgresql://user:hunter2@host:port/db',
    'postgresql://user:hun#ter2@host/db',
    'postgresql://user:hun@ter2:x/x?y@host:5432/db',
    'mysql://user:hunter2@host/db',
    'user:hunter2@host/db',
    'postgresql://user:hunter2',
    'host=h password=hunter2',
    'postgresql://h:x/db?password=hunter2&sslpassword=hunter2',
  ])('quotes %s without its password', (url) => {
    const make = (): unknown => poolSettings(url)
    expect(make).toThrow(InvalidOptionError)
    expect(make).toThrow(/^the URL of the pool, .* must be a URL such as/)
    expect(make).not.toThrow(/hun|ter2/)
  })

  it('refuses what is no text', () => {
    expect(() => poolSettings(undefined as never)).toThrow('the URL of the pool must be a URL such as')
  })
})

describe('withoutPassword', () => {
  it.each([
    ['postgres://user:secret@host:5432/db', 'postgres://user:***@host:5432/db'],
    ['postgres://host:5432x/db', 'postgres://host:***/db'],
    ['postgres://host:5432/db?a=b', 'postgres://host:5432/db?a=b'],
    ['postgres://user@host/db', 'postgres://user@host/db'],
  ])('%s becomes %s', (url, shown) => {
    expect(withoutPassword(url)).toBe(shown)
  })
})
