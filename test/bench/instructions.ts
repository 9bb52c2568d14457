import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** @returns whether this machine counts retired instructions, as a line of the report */
export async function describeInstructionCounter(): Promise<string> {
  try {
    const { stderr } = await promisify(execFile)('perf', ['stat', '-x,', '-e', 'instructions:u', '--', 'true'])
    if (/^\d+,/m.test(stderr)) return 'Instructions retired: counted, see `perf stat`'
    return 'Instructions retired: this machine does not count them (perf: not supported). CPU time decides.'
  } catch {
    return 'Instructions retired: not counted (no perf on this machine). CPU time decides.'
  }
}
