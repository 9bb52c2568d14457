import type { Budget, Measure } from './benchmark.ts'
import type { Compared } from './compare/compare.ts'

/** A row for the CPU time of an operation of the unguarded client. */
export function baseRow(what: string, { baseCpuMicros }: Compared): Measure {
  return { what: `${what}: unguarded`, value: baseCpuMicros, unit: 'µs' }
}

/** A row for the CPU time that a client adds to an operation. */
export function addedRow(what: string, { added, against }: Compared, budget?: Budget): Measure {
  return {
    what,
    value: added.value,
    unit: 'µs',
    estimate: added,
    ...(budget !== undefined && { budget }),
    ...(against !== undefined && { against }),
  }
}

/** A row for the throughput of a client, as a part of the unguarded client's. */
export function ratioRow(what: string, { ratio }: Compared, budget?: Budget): Measure {
  return { what, value: ratio.value, unit: '×', estimate: ratio, ...(budget !== undefined && { budget }) }
}
