import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { nodeOptions } from '../packed/packed.ts'

const run = promisify(execFile)

/** How far the memory of a fresh process may grow. When V8 optimised the parser, it grew by 550 MB (Node 24). */
const mostGrownBytes = 60e6

/**
 * The heap that V8 allows itself in a container of 512 MB. With more memory it lets garbage wait longer: 30,000 parses
 * grow a process by 150 MB then, of which 15 MB are in use (Node 24).
 */
const ofSmallContainer = '--max-heap-size=256'

/**
 * The CPU time that a process may take after its last statement. When V8 optimised the parser, it took 530 ms (Node
 * 24).
 */
const mostAfterEndMillis = 250

const command = [process.execPath, ofSmallContainer, ...nodeOptions(), join(import.meta.dirname, 'parse-many.ts')]

it.each(['1', '30', '3000', '30000'])(
  'a process of a small container that parses %s statements grows by at most 60 MB',
  async (count) => {
    const { stdout } = await run(command[0]!, [...command.slice(1), count])
    const { grownBytes } = JSON.parse(stdout) as { grownBytes: number }
    expect(grownBytes).toBeLessThan(mostGrownBytes)
  },
)

it('a process that has parsed 30 statements ends at once: V8 has nothing left to optimise', async () => {
  // The second line of `times` has the CPU times of the shell's children, user and system, as minutes and seconds.
  const { stdout } = await run('sh', ['-c', '"$@"; times', 'sh', ...command, '30'])
  const [report = '', , children = ''] = stdout.split('\n')
  const { cpuMillis } = JSON.parse(report) as { cpuMillis: number }
  const times = [...children.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60_000 + Number(seconds) * 1000,
  )
  const totalMillis = times.reduce((sum, each) => sum + each)
  expect(totalMillis - cpuMillis).toBeLessThan(mostAfterEndMillis)
})
