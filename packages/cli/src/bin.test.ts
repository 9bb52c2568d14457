import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const bin = join(import.meta.dirname, 'bin.ts')

/** Runs the command in a process of its own. */
async function run(args: readonly string[], input = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--conditions=@poolsafe/source', bin, ...args], (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    )
    child.stdin?.end(input)
  })
}

it.each([
  [['explain'], 'SELECT 1', 0],
  [['explain'], 'LISTEN a', 1],
  [['explain', '--nothing'], '', 2],
] as const)('poolsafe %j with the input %j exits with %i', async (args, input, code) => {
  expect(await run(args, input)).toMatchObject({ code })
})

it('ends without an error when its reader has ended', async () => {
  const command = `'${process.execPath}' --conditions=@poolsafe/source '${bin}' --help | true`
  const stderr = await new Promise((resolve) => execFile('sh', ['-c', command], (_error, _out, err) => resolve(err)))
  expect(stderr).toBe('')
})
