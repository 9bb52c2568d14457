import type { Figure } from '@poolsafe/operate'

/** Formats a number with its unit, short. */
export function formatValue(value: number, unit: Figure['unit']): string {
  if (unit === 'bytes') return formatBytes(value)
  return unit === 'connections' || unit === 'processes' ? String(value) : `${value} ${unit}`
}

export function formatBytes(bytes: number): string {
  const [size, unit] = bytes >= 2 ** 30 ? [2 ** 30, 'GB'] : bytes >= 2 ** 20 ? [2 ** 20, 'MB'] : [2 ** 10, 'kB']
  return `${Number((bytes / size).toFixed(1))} ${unit}`
}

/** Formats a wait. `null` is a wait without bound. */
export function formatWait(millis: number | null): string {
  if (millis === null) return 'no bound'
  if (millis >= 1000) return `${(millis / 1000).toFixed(1)} s`
  return millis >= 10 || millis === 0 ? `${millis.toFixed(0)} ms` : `${millis.toFixed(1)} ms`
}
