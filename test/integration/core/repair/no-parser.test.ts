import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)

/** Creates a guard in a process without WebAssembly. */
async function createWithoutParser(options: string): Promise<string> {
  // Node reads TypeScript by WebAssembly: its own module is loaded by the first import.
  const code = `await import('${import.meta.dirname}/nothing.ts')
delete globalThis.WebAssembly
const { createGuard } = await import('@poolsafe/core')
try { createGuard(${options}); console.log('created') } catch (error) { console.log(error.name + ': ' + error.message) }`
  const flags = ['--conditions=@poolsafe/source', '--input-type=module', '-e', code]
  const { stdout } = await run(process.execPath, flags, { cwd: import.meta.dirname })
  return stdout.trim()
}

it.each(["{ mode: 'repair' }", "{ rules: { 'session/set': 'repair' } }"])(
  'a guard with %s is refused where the parser cannot be loaded',
  async (options) => {
    expect(await createWithoutParser(options)).toMatch(
      /^InvalidOptionError: mode or rules must be .*start Node without --jitless/,
    )
  },
)

it('a guard that repairs nothing is created without the parser', async () => {
  expect(await createWithoutParser("{ mode: 'strict' }")).toBe('created')
})
