import { planSize, sizeClasses, type ClassExample } from '@poolsafe/operate'
import type { Style } from '../terminal/style.ts'
import { formatTable } from '../terminal/table.ts'
import { formatBytes } from './format-value.ts'

const columnsOf: readonly (readonly [string, (example: ClassExample) => string | number])[] = [
  ['class', (example) => example.class],
  ['cores', ({ options }) => options.cores ?? ''],
  ['processes', ({ options }) => options.processes ?? ''],
  ['requests/s', ({ options }) => options.requestsPerSecond ?? ''],
  ['poolers', ({ options }) => options.poolers ?? ''],
  ['pool', ({ options }) => planSize(options).pool],
  ['default_pool_size', ({ options }) => planSize(options).poolSize],
  ['max_client_conn', ({ options }) => planSize(options).maxClients],
  ['server connections', ({ options }) => planSize(options).totalConnections],
  ['max_connections', ({ options }) => planSize(options).maxConnections],
  ['work_mem', ({ options }) => formatBytes(planSize(options).workMemBytes)],
]

/** The table of classes, one row each: what `planSize()` says of a typical application. */
export function classRows(): string[][] {
  return [
    columnsOf.map(([name]) => name),
    ...sizeClasses.map((example) => columnsOf.map(([, of]) => String(of(example)))),
  ]
}

export function formatClasses(style: Style, columns: number): string {
  const [head = [], ...rows] = classRows()
  return formatTable([head.map((cell) => style.bold(cell)), ...rows], columns)
}
