import { parseArgs } from 'node:util'
import type { CrowdCounts } from './crowd.ts'
import { races, storm, type StormResult } from './storm.ts'

// `npm run storm`: counts what two watches close among many clients, and whom they hit.

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, seconds: { type: 'string', default: '60' } },
})

report('300 clients of three applications, 100 connections', await storm(Number(values.seconds)))
report('clients that wake up as they are closed', await races(Number(values.count)))

function report(what: string, { shop, others, closed, terminations, seconds }: StormResult): void {
  const lines = [
    `${closed} connections closed by two watches in ${seconds.toFixed(0)} s; the server says ${terminations.all}`,
    `of other applications: ${terminations.all - ofShop(terminations.byApplication)}`,
    `in a transaction, or at work: ${terminations.inUse.length}; of clients that never leave their transaction: ${terminations.byApplication['shop-holder'] ?? 0}`,
    `statements that met a closed connection, by the statements of their transaction before: ${tally(shop)}`,
    `logins ${sum([shop, ...others], 'logins')}; the longest wait for one ${(longest([shop, ...others]) / 1000).toFixed(1)} s`,
  ]
  console.log(`${what}\n${lines.map((line) => `  ${line}\n`).join('')}`)
}

function ofShop(byApplication: StormResult['terminations']['byApplication']): number {
  const own = Object.entries(byApplication).filter(([name]) => name.startsWith('shop-'))
  return own.reduce((all, [, count]) => all + count, 0)
}

function tally({ failed }: CrowdCounts): string {
  const counts = [0, 1, 2].map((done) => `${done}: ${failed.filter((each) => each === done).length}`)
  return counts.join(', ')
}

function sum(crowds: readonly CrowdCounts[], name: 'logins'): number {
  return crowds.reduce((all, crowd) => all + crowd[name], 0)
}

function longest(crowds: readonly CrowdCounts[]): number {
  return Math.max(...crowds.map(({ longestWaitMillis }) => longestWaitMillis))
}
