import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What the files of this folder need that import the packages' sources and look at the heap. */
export const withSources: readonly string[] = ['--expose-gc', '--conditions=@poolsafe/source']

/** Runs a file of this folder in a process of its own. @returns the JSON that it prints */
export async function runFresh<Answer>(
  nodeOptions: readonly string[],
  file: string,
  ...args: readonly string[]
): Promise<Answer> {
  const { stdout } = await run(process.execPath, [...nodeOptions, `${import.meta.dirname}/${file}`, ...args])
  return JSON.parse(stdout) as Answer
}
