import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** How a program ended, and all that it wrote. */
export interface Outcome {
  readonly code: number | null
  readonly output: string
}

/** Runs a program that reads its standard input. */
export async function runWithInput(program: string, args: readonly string[], input = ''): Promise<Outcome> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const ended = once(child, 'close')
  child.stdin.end(input)
  const [code] = (await ended) as [number | null]
  return { code, output: (await output).join('') }
}
