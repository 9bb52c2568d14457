import { writeFileSync } from 'node:fs'
import type { CatalogDescription } from '@poolsafe/core'
import { UsageError } from '@poolsafe/config'

/**
 * Writes a description with one object a line, so that a change is a small difference.
 *
 * @throws UsageError if the file cannot be written
 */
export function writeCatalog(path: string, catalog: CatalogDescription): void {
  try {
    writeFileSync(path, printed(catalog))
  } catch (error) {
    const { code = 'an error' } = error as { readonly code?: string }
    throw new UsageError(`--write: ${path} cannot be written (${code})`, { cause: error })
  }
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
