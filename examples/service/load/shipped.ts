import { fileURLToPath } from 'node:url'

/** The path of a file that comes with `@poolsafe/metrics`. */
export function shipped(path: string): string {
  return fileURLToPath(new URL(path, import.meta.resolve('@poolsafe/metrics/package.json')))
}
