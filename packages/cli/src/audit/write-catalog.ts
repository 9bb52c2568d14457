import type { CatalogDescription } from '@poolsafe/core'
import { writeReport } from '../terminal/write-report.ts'

/**
 * Writes a description with one object a line, so that a change is a small difference.
 *
 * @throws UsageError if the file cannot be written
 */
export function writeCatalog(path: string, catalog: CatalogDescription): void {
  writeReport('--write', path, printed(catalog))
}

function printed(catalog: CatalogDescription): string {
  const fields = Object.entries(catalog).map(
    ([key, value]: [string, unknown]) => `  ${JSON.stringify(key)}: ${valueOf(value)}`,
  )
  return `{\n${fields.join(',\n')}\n}\n`
}

function valueOf(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0 || typeof value[0] === 'string') return JSON.stringify(value)
  return `[\n${value.map((each) => `    ${JSON.stringify(each)}`).join(',\n')}\n  ]`
}
