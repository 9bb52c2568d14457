import { createGuard } from '@poolsafe/core'
import { adapter, analyzerOf } from '../internals.ts'
import { median } from '../statistics.ts'
import { doubtfulText, flat, harmlessText } from '../texts.ts'

// Prints the nanoseconds that one text takes, by what is done with it. First argument: characters to spend on each
// figure.

const spend = Number(process.argv[2])
const guard = createGuard()
const analyze = analyzerOf(guard)
const batches = 9

interface Subject {
  /** Makes what is measured, outside the measurement. */
  make(): string
  act(text: string): unknown
}

const harmlessLengths = [57, 158, 500, 5_000, 100_000, 1_000_000, 10_000_000]
const doubtfulLengths = [57, 500, 5_000, 100_000]

const subjects: Record<string, Subject> = {}
for (const length of harmlessLengths)
  subjects[`scan ${length}`] = { make: () => harmlessText(length), act: adapter.scanSaysHarmless }
subjects['scan two-byte 5000'] = { make: () => harmlessText(5_000, 'ж'), act: adapter.scanSaysHarmless }
for (const length of harmlessLengths) subjects[`first ${length}`] = { make: () => harmlessText(length), act: analyze }
for (const length of doubtfulLengths)
  subjects[`doubtful ${length}`] = { make: () => doubtfulText(length), act: analyze }
for (const length of [57, 500, 5_000]) {
  const known = harmlessText(length)
  analyze(known)
  subjects[`same ${length}`] = { make: () => known, act: analyze }
  subjects[`equal ${length}`] = { make: () => flat(known), act: analyze }
}

/** So that no call is optimised away. */
let seen: unknown

/**
 * CPU time, so that whoever else runs on the machine counts less. Node's figure for one thread goes in steps of 4 ms:
 * too coarse.
 */
function nanosOf({ make, act }: Subject, count: number): number {
  const texts = Array.from({ length: count }, make)
  const before = process.cpuUsage()
  for (const text of texts) seen = act(text)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / count
}

function measure(subject: Subject): number {
  const { length } = subject.make()
  const count = Math.max(1, Math.min(5_000, Math.floor(spend / length / batches)))
  nanosOf(subject, count)
  return median(Array.from({ length: batches }, () => nanosOf(subject, count)))
}

// Everything once before anything counts: the loop above is compiled for all that it meets.
for (const subject of Object.values(subjects)) nanosOf(subject, 3)
const figures = Object.entries(subjects).map(([name, subject]) => [name, measure(subject)] as const)
console.log(JSON.stringify(Object.fromEntries(figures)))
if (seen === undefined) throw new Error('Nothing was analysed.')
