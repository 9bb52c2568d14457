import { InvalidOptionError } from '@poolsafe/core'
import { describe, expect, it } from 'vitest'
import { resolveWatch, type WatchOptions } from './options.ts'
import { matches } from './patterns.ts'

const connect: WatchOptions['connect'] = () => Promise.reject(new Error('never called'))
const right: WatchOptions = { connect, applications: ['shop-*'] }

it('has defaults', () => {
  expect(resolveWatch(right)).toEqual({
    connect,
    applications: ['shop-*'],
    roles: [],
    apply: false,
    intervalMillis: 60_000,
    aboveShare: 0.8,
    idleMillis: 300_000,
    alarmMillis: 1000,
    console: undefined,
    poolerAddresses: [],
    closesPoolerConnections: false,
    onEvent: undefined,
    signal: undefined,
  })
})

describe('an option that makes no sense is refused', () => {
  it.each<[string, object]>([
    ['connect', { connect: undefined }],
    ['connect', { connect: 'postgres://a:b@c/d' }],
    ['applications', { applications: undefined }],
    ['applications', { applications: [] }],
    ['applications', { applications: 'shop' }],
    ['applications', { applications: [''] }],
    ['applications', { applications: ['*'] }],
    ['applications', { applications: ['shop', '**'] }],
    ['applications', { applications: ['- * -'] }],
    ['applications', { applications: ['p*'] }],
    ['applications', { applications: ['pgbouncer'] }],
    ['applications', { applications: ['poolsafe-watch'] }],
    ['applications', { applications: ['*r'] }],
    ['applications', { applications: ['größe'] }],
    ['applications', { applications: ['a\n'] }],
    ['applications', { applications: ['a'.repeat(64)] }],
    ['applications', { applications: [7] }],
    ['intervalMillis', { intervalMillis: 0 }],
    ['intervalMillis', { intervalMillis: Number.NaN }],
    ['intervalMillis', { intervalMillis: 2 ** 31 }],
    ['idleMillis', { idleMillis: -1 }],
    ['idleMillis', { idleMillis: 99 }],
    ['idleMillis', { idleMillis: Infinity }],
    ['alarmMillis', { alarmMillis: 10 }],
    ['aboveShare', { aboveShare: 80 }],
    ['aboveShare', { aboveShare: 0 }],
    ['aboveShare', { aboveShare: '0.8' }],
    ['roles', { roles: 'app' }],
    ['roles', { roles: ['a\0b'] }],
    ['poolerAddresses', { poolerAddresses: ["'; DROP TABLE x"] }],
    ['apply', { apply: 'yes' }],
    ['signal', { signal: 'SIGTERM' }],
    ['onEvent', { onEvent: console }],
    ['an option of watchConnections()', { application: ['shop'] }],
  ])('%s: %j', (option, wrong) => {
    const refusal = (): unknown => resolveWatch({ ...right, ...wrong })
    expect(refusal).toThrow(InvalidOptionError)
    expect(refusal).toThrow(expect.objectContaining({ option }))
  })
})

it.each([
  ['shop', 'shop', true],
  ['shop', 'shop-api', false],
  ['shop-*', 'shop-', true],
  ['*-api', 'shop-api', true],
  ['shop.api', 'shopXapi', false],
  ['s*p*i', 'shop-api', true],
  ['shop(*', 'shop(1', true],
])('the pattern %s and the name %s', (pattern, name, is) => {
  expect(matches(pattern, name)).toBe(is)
})
