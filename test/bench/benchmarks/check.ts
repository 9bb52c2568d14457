import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atMost, type Benchmark, type Measure } from '../benchmark.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'
import { median } from '../statistics.ts'

interface Figures {
  readonly files: number
  readonly cpuSeconds: number
  readonly peakBytes: number
}

const rounds = 5

const cacheFolder = join(tmpdir(), `poolsafe-bench-${process.pid}`)

async function withCache(tree: string): Promise<Figures> {
  return runFresh<Figures>(tree, withSources, 'check-files.ts', 'check', cacheFolder)
}

/** `poolsafe check` on the code of installed libraries, compared with parsing all of it. Both in turn, medians. */
export const check: Benchmark = {
  name: 'check',
  async run({ tree, progress }): Promise<Measure[]> {
    const checks: Figures[] = []
    const parses: Figures[] = []
    for (let round = 1; round <= rounds; round++) {
      progress(`check, round ${round} of ${rounds}`)
      checks.push(await runFresh<Figures>(tree, withSources, 'check-files.ts', 'check'))
      parses.push(await runFresh<Figures>(tree, withSources, 'check-files.ts', 'parse'))
    }
    const [, cached] = [await withCache(tree), await withCache(tree)]
    rmSync(cacheFolder, { recursive: true, force: true })
    const seconds = (of: readonly Figures[]): number => median(of.map(({ cpuSeconds }) => cpuSeconds))
    const files = checks[0]?.files ?? 0
    return [
      { what: `check of ${files} files: CPU time`, value: seconds(checks), unit: 's' },
      { what: `parsing ${files} files with oxc-parser: CPU time`, value: seconds(parses), unit: 's' },
      {
        what: 'check, as a part of the time of parsing',
        value: seconds(checks) / seconds(parses),
        unit: '',
        budget: atMost(0.5, 'check takes at most half the time of parsing all files'),
      },
      {
        what: 'check --cache when nothing has changed, as a part of the time of check',
        value: cached.cpuSeconds / seconds(checks),
        unit: '',
        budget: atMost(0.1, 'a second check with --cache takes at most a tenth of the first'),
      },
      {
        what: 'check: highest memory',
        value: median(checks.map(({ peakBytes }) => peakBytes)) / 1e6,
        unit: 'MB',
        budget: atMost(500, 'check takes at most 500 MB'),
      },
    ]
  },
}
