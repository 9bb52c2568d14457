import Table from 'cli-table3'
import type { GuardStatistics } from '@poolsafe/core'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { poolSize } from '../../src/limits.ts'
import { startService, type Service } from '../service.ts'
import { fire, quantile, type Answers } from './cannon.ts'
import { figuresOf, predict, quantileOf, utilisationOf, type PoolFigures } from './figures.ts'
import { chargeMillis, phases, type Phase } from './phases.ts'

// `npm run phases`: a load in five phases, and what the simulation of `poolsafe size` says to it.

// `process.exit` ends everything that was started here.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const { values } = parseArgs({ options: { stats: { type: 'string' }, seconds: { type: 'string' } } })

/** One phase, played. */
interface Played {
  readonly phase: Phase
  readonly seconds: number
  readonly payments: Answers
  readonly reads: Answers
  readonly figures: PoolFigures
}

async function play(service: Service, phase: Phase): Promise<Played> {
  const seconds = Number(values.seconds ?? phase.seconds)
  const before = await statsOf(service)
  const begin = performance.now()
  const url = `http://${service.address}/kysely`
  const [payments, reads] = await Promise.all([
    fire(`${url}/faulty/orders/1/payment`, 'POST', phase.payments, seconds),
    fire(`${url}/orders/1`, 'GET', phase.reads, seconds),
  ])
  const took = (performance.now() - begin) / 1000
  return { phase, seconds: took, payments, reads, figures: figuresOf(before, await statsOf(service), 'kysely') }
}

async function statsOf({ admin }: Service): Promise<GuardStatistics> {
  return (await (await fetch(`http://${admin}/stats`)).json()) as GuardStatistics
}

function rowOf({ phase, seconds, payments, figures }: Played): string[] {
  const predicted = predict(figures, seconds, poolSize)
  return [
    phase.name,
    (figures.acquired / seconds).toFixed(0),
    `${Math.round(100 * utilisationOf(figures, seconds, poolSize))} %`,
    `${quantileOf(figures.wait, 0.99).toFixed(0)} ms`,
    predicted === undefined ? 'no bound' : `${predicted.p99WaitMillis.toFixed(0)} ms`,
    `${quantile(payments.millis, 0.5).toFixed(0)} / ${quantile(payments.millis, 0.99).toFixed(0)} ms`,
    String(payments.failed),
  ]
}

const service = await startService({ CHARGE_MILLIS: String(chargeMillis) })
try {
  const played: Played[] = []
  for (const phase of phases) played.push(await play(service, phase))
  const table = new Table({
    head: ['phase', 'checkouts/s', 'busy', 'p99 wait', 'p99 wait, simulated', 'payment p50 / p99', 'failed'],
    style: { head: [], border: [] },
  })
  for (const each of played) table.push(rowOf(each))
  process.stdout.write(`${table.toString()}\n`)
  if (values.stats !== undefined) writeFileSync(values.stats, JSON.stringify(await statsOf(service)))
} finally {
  await service.stop()
}
