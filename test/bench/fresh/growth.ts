import { createGuard } from '@poolsafe/core'

// Prints the time a character that the analysis of repetitive texts takes, by form: the CPU time of a long text in
// nanoseconds, and as a multiple of that of a text a quarter as long.

const shortLength = 60_000
const longLength = 240_000

const forms: Readonly<Record<string, (length: number) => string>> = {
  execute: repeated(() => 'EXECUTE a;'),
  settings: repeated((index) => `SET a.x${index}=1;`),
  savepoints: (length) =>
    repeated((index) => `SAVEPOINT s${index};`, 'BEGIN;')(length / 2) +
    repeated((index) => `ROLLBACK TO t${index};`)(length / 2),
  identifiers: repeated((index) => `SELECT "${'x'.repeat(4_000)}${index}";`),
  blocks: (length) => nested(length / 30),
}

const guard = createGuard({ cacheBytes: 0 })
const figures = Object.entries(forms).flatMap(([name, textOf]) => {
  const [short, long] = [nanosOf(textOf(shortLength)), nanosOf(textOf(longLength))]
  return [
    [name, long],
    [`${name} growth`, long / short],
  ]
})
console.log(JSON.stringify(Object.fromEntries(figures)))

function nanosOf(sql: string): number {
  const nanos = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage()
    guard.inspect(sql)
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / sql.length
  })
  return Math.min(...nanos)
}

function repeated(part: (index: number) => string, start = ''): (length: number) => string {
  return (length) => {
    const parts = [start]
    for (let index = 0, sum = start.length; sum < length; index++) {
      parts.push(part(index))
      sum += parts.at(-1)!.length
    }
    return parts.join('')
  }
}

function nested(depth: number): string {
  const starts = Array.from({ length: depth }, (_, level) => `DO $q${level}$BEGIN `)
  const ends = starts.map((_, level) => `; END$q${depth - 1 - level}$`)
  return `${starts.join('')}SET a.b = 1${ends.join('')}`
}
