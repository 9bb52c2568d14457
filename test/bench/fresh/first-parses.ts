import { createGuard } from '@poolsafe/core'
import { parseEach } from '../contenders/parse-each.ts'
import { analyzerOf } from '../internals.ts'
import { doubtfulText } from '../texts.ts'

// Prints what the first parses of a process take: the microseconds of CPU time of one, and the bytes by which the
// process was larger at its peak. First argument: `poolsafe`, or `libpg-query` as its own entry loads it, where V8
// optimises the parser in the background. Second argument: how many.

const [parser, countText] = process.argv.slice(2)
const count = Number(countText)
const texts = Array.from({ length: count }, () => doubtfulText(280))
const parse = parser === 'poolsafe' ? analyzerOf(createGuard()) : await parseEach()

/** So that no call is optimised away. */
let seen: unknown
let lastCpu: NodeJS.CpuUsage | undefined
const { rss } = process.memoryUsage()
const before = process.cpuUsage()
for (const text of texts) seen = parse(text)
// The optimiser works in the background: what it takes counts as well.
while (isOptimising()) await new Promise((resolve) => setTimeout(resolve, 200))
const { user, system } = process.cpuUsage(before)
const peakBytes = process.resourceUsage().maxRSS * 1024 - rss
console.log(JSON.stringify({ micros: (user + system) / count, peakBytes }))
if (seen === undefined) throw new Error('Nothing was parsed.')

/** Returns true if the process has used the CPU since the last call. */
function isOptimising(): boolean {
  const used = process.cpuUsage(lastCpu)
  lastCpu = process.cpuUsage()
  return used.user + used.system > 20_000
}
