import Table from 'cli-table3'
import { isComplete, type Change, type Evidence } from './evidence.ts'

const head = ['', 'in the log', 'in /health', 'in Prometheus', 'alert']

export function tableOf(all: readonly Evidence[]): string {
  const table = new Table({ head, style: { head: [], border: [] } })
  for (const evidence of all) {
    const { scenario, log, health, metric, isAlert } = evidence
    table.push([
      `${isComplete(evidence) ? '✔' : '✘'} ${scenario.name}`,
      `${change(log)} lines`,
      change(health),
      `${scenario.metric}\n${change(metric)}`,
      `${scenario.alert}\n${isAlert ? 'fired' : 'did not fire'}`,
    ])
  }
  return table.toString()
}

function change({ before, after }: Change): string {
  return `${before} → ${after}`
}
