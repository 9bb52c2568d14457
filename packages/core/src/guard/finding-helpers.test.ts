import { expect, test } from 'vitest'
import { poolers } from '../index.ts'
import { analyze } from '../analyze/analyze.ts'
import type { Layer } from '../stack/origin.ts'
import type { Finding } from './finding.ts'
import { format } from './finding-message.ts'
import { effectsOfCall, judge, judgeEffects } from './judge.ts'

const pooler = poolers.pgbouncer({ version: '1.24' })

function findingsOf(sql: string): readonly [Finding, ...Finding[]] {
  return judge(analyze(sql), pooler, {}) as [Finding, ...Finding[]]
}

function namesOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ helpers }) => helpers.map(({ name }) => name))
}

/** The rows of the message that name helpers. */
function rowsOf(findings: readonly [Finding, ...Finding[]], layer?: Layer): string[] {
  const message = format({
    findings,
    statement: '',
    pooler,
    refused: false,
    decidedBy: 'statement',
    operation: undefined,
    layer,
    stack: undefined,
  })
  return message.split('\n').filter((line) => /^ +(helper|also) /.test(line))
}

const forTimeouts = 'guardPool(…, { statementTimeoutMillis })'

test('a finding names the option for statement_timeout only where that is set', () => {
  expect(namesOf(findingsOf('SET statement_timeout = 1000'))).toContain(forTimeouts)
  expect(namesOf(findingsOf('SET search_path = a'))).toEqual(['withSettings()', 'withSession()'])
  const startup = (name: string): string[] => namesOf(judgeEffects(effectsOfCall('startupParameter', name), pooler, {}))
  expect(startup('statement_timeout')).toEqual([forTimeouts])
  expect(startup('statement_timeout (in options)')).toEqual([forTimeouts])
  expect(startup('lock_timeout')).toEqual(['withSettings()'])
  expect(startup('replication')).toEqual([])
})

test('a finding of a lock names the helper for advisory locks, not for rows', () => {
  expect(namesOf(findingsOf('SELECT pg_advisory_xact_lock(1)'))).toEqual(['withAdvisoryLock()'])
  expect(namesOf(findingsOf('SELECT 1 FROM t FOR UPDATE'))).toEqual([])
})

test('a message names a package if there is only one', () => {
  expect(rowsOf(findingsOf('LISTEN a'))).toEqual([
    '  helper     listen() of @poolsafe/pg keeps one connection for all channels, and replaces it when it is lost; notify() sends on any connection',
  ])
})

test('a message names the package of Prisma if the layer shows that Prisma is in use', () => {
  const findings = findingsOf("SELECT set_config('a.b', '1', false)")
  const withSettings = 'sets values for one function, in a transaction that takes them away'
  expect(rowsOf(findings)).toEqual([`  helper     withSettings() ${withSettings}`])
  expect(rowsOf(findings, 'prisma')).toEqual([
    `  helper     withSettings() of @poolsafe/prisma ${withSettings}; settings() of @poolsafe/prisma sets values for every operation of a client`,
  ])
})

test('further findings of a message name theirs', () => {
  const [, also] = rowsOf(findingsOf('SET ROLE a; LISTEN b'))
  expect(also).toMatch(/^ {2}also {7}LISTEN b .*; helper listen\(\) of @poolsafe\/pg keeps/)
})

test('a message without a helper has no row for it', () => {
  expect(rowsOf(findingsOf("LOAD 'auto_explain'"))).toEqual([])
})
