import { catalogue } from '../../packages/metrics/src/catalogue.ts'
import { instruments } from '../../packages/metrics/src/instruments.ts'
import { withTable } from './tables.ts'

/** The page about metrics, with the tables that derive from the catalogue. */
export function metricsPage(page: string): string {
  const metrics = catalogue.map(({ name, type, labels, help }) => {
    return [`\`poolsafe_${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help]
  })
  const read = instruments.map(({ name, type, unit, description }) => [`\`${name}\``, type, `\`${unit}\``, description])
  const withMetrics = withTable(page, ['metric', 'type', 'labels', 'what it is'], metrics)
  return withTable(withMetrics, ['instrument', 'type', 'unit', 'what it is'], read)
}
