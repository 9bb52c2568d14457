import { UsageError } from '@poolsafe/config'

/**
 * Reads a number on the command line.
 *
 * @throws UsageError
 */
export function numberOf(flag: string, text: string): number {
  const number = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isFinite(number)) return number
  throw new UsageError(`--${toKebab(flag)} must be a number of at least 0, such as 8 or 0.5; got '${text}'`)
}

const units: Readonly<Record<string, number>> = { kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30, tb: 2 ** 40 }

/**
 * Reads a size as PostgreSQL writes it: `64MB`, where a kilobyte is 1,024 bytes.
 *
 * @throws UsageError
 */
export function bytesOf(flag: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgt]b)$/i.exec(text) ?? []
  const factor = units[unit.toLowerCase()]
  if (factor !== undefined) return Math.floor(Number(number) * factor)
  throw new UsageError(`--${toKebab(flag)} must be a size such as 16GB or 64MB; got '${text}'`)
}

const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Reads a duration as PostgreSQL writes it: `5min`.
 *
 * @returns milliseconds
 * @throws UsageError
 */
export function millisOf(flag: string, text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?(ms|s|min|h|d)$/.exec(text) ?? []
  const factor = durations[unit]
  if (factor !== undefined) return Number(number) * factor
  throw new UsageError(`--${toKebab(flag)} must be a duration such as 30s or 5min; got '${text}'`)
}

function toKebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
