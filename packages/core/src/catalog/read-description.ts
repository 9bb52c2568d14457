import { InvalidOptionError } from '../errors.ts'
import { checkDescription } from './check-description.ts'
import type { CatalogDescription } from './description.ts'

/**
 * Reads a description, once and synchronously.
 *
 * @param catalog the description, or the path of its file, relative to the working folder
 * @throws InvalidOptionError for a file that cannot be read, and for anything but a description of this version
 */
export function readDescription(catalog: string | CatalogDescription): CatalogDescription {
  if (typeof catalog !== 'string') return checkDescription(catalog)
  return checkDescription(parse(catalog, read(catalog)), catalog)
}

const expected = 'the path of a file that poolsafe audit --write has written'

function read(path: string): string {
  try {
    // In an ES module, `import` of node:fs evaluates all of its lazy exports: 3.5 ms, which only this option needs.
    return process.getBuiltinModule('node:fs').readFileSync(path, 'utf8')
  } catch (error) {
    const { code = 'an error' } = error as { readonly code?: string }
    throw new InvalidOptionError('catalog', path, `${expected}; it cannot be read (${code})`)
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InvalidOptionError('catalog', path, `${expected}; it is no JSON`)
  }
}
