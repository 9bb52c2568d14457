import { main } from '../../../packages/cli/src/main.ts'
import type { Terminal } from '../../../packages/cli/src/terminal/terminal.ts'

/** The output of one run of the command line. */
export interface Printed {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** Runs the command line in this process and collects what it prints. The output is no terminal. */
export async function runCli(
  args: readonly string[],
  { cwd = process.cwd(), input, ...more }: Partial<Terminal> & { readonly input?: string } = {},
): Promise<Printed> {
  let out = ''
  let err = ''
  const exitCode = await main(args, {
    cwd,
    env: {},
    out: (text) => (out += text),
    err: (text) => (err += text),
    readInput: () => Promise.resolve(input ?? ''),
    isInputInteractive: input === undefined,
    isInteractive: false,
    isErrorInteractive: false,
    columns: 100,
    ...more,
  })
  return { exitCode, out, err }
}
