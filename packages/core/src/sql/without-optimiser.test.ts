import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)

/** Prints V8's version tag for cached code before and after the parser is loaded. The tag changes with every flag. */
const script = `
  import { cachedDataVersionTag, setFlagsFromString } from 'node:v8'
  import { isParserLoaded, loadParser } from ${JSON.stringify(join(import.meta.dirname, 'parser.ts'))}
  if (process.argv[1] !== undefined) setFlagsFromString(process.argv[1])
  const before = cachedDataVersionTag()
  loadParser()
  if (!isParserLoaded()) throw new Error('the parser is not loaded')
  console.log(JSON.stringify([before, cachedDataVersionTag()]))
`

async function tagsWith(options: readonly string[], setAtRunTime: readonly string[]): Promise<number[]> {
  const { stdout } = await run(process.execPath, [...options, '--input-type=module', '-e', script, ...setAtRunTime])
  return JSON.parse(stdout) as number[]
}

describe('loading the parser leaves the flags of V8 as the application set them', () => {
  it.each<[string, string[]]>([
    ['no flag', []],
    ['--no-wasm-tier-up', ['--no-wasm-tier-up']],
    ['--no-wasm-dynamic-tiering', ['--no-wasm-dynamic-tiering']],
    ['--liftoff-only', ['--liftoff-only']],
    ['--freeze-flags-after-init', ['--freeze-flags-after-init']],
  ])('with %s of the command line', async (_name, options) => {
    const [before, after] = await tagsWith(options, [])
    expect(after).toBe(before)
  })

  it('with a flag that was set at run time', async () => {
    const [before, after] = await tagsWith([], ['--no-wasm-dynamic-tiering'])
    expect(after).toBe(before)
    expect(before).not.toBe((await tagsWith([], []))[0])
  })
})
