import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Node's options for files of this folder that import the packages' sources and look at the heap. */
export const withSources: readonly string[] = ['--expose-gc', '--conditions=@poolsafe/source']

/**
 * Runs a file of this folder in a process of its own.
 *
 * @param tree the repository, or a checkout of another commit, whose packages the file uses
 * @returns the JSON that the file prints
 */
export async function runFresh<Answer>(
  tree: string,
  nodeOptions: readonly string[],
  file: string,
  ...args: readonly string[]
): Promise<Answer> {
  const path = `${tree}/test/bench/fresh/${file}`
  const { stdout } = await run(process.execPath, [...nodeOptions, path, ...args], { cwd: tree })
  return JSON.parse(stdout) as Answer
}
