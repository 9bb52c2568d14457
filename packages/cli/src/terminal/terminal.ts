import { isatty } from 'node:tty'
import { createStyle, type Style } from './style.ts'

/** The parts of the process that a command may use. Tests pass their own. */
export interface Terminal {
  /** The working folder, as an absolute path. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes to standard output, as it is. */
  readonly out: (text: string) => void
  /** Writes to standard error, as it is. */
  readonly err: (text: string) => void
  /** Reads standard input to its end. */
  readonly readInput: () => Promise<string>
  /** True if standard input is a terminal, so that no text is piped into the command. */
  readonly isInputInteractive: boolean
  /** Standard output is a terminal. Only then does a command use colour by itself. */
  readonly isInteractive: boolean
  /** Standard error is a terminal. Only there a command shows how far it is. */
  readonly isErrorInteractive: boolean
  /** The width of the terminal in characters; 100 if the output is not a terminal. */
  readonly columns: number
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process
  return {
    cwd: process.cwd(),
    env,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    readInput: async () => {
      const chunks: Buffer[] = []
      for await (const chunk of stdin) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    },
    isInputInteractive: isatty(0),
    isInteractive: isatty(1),
    isErrorInteractive: isatty(2),
    columns: isatty(1) ? stdout.columns : 100,
  }
}

/**
 * Returns the colours of the output. `--color` and `--no-color` decide, then `NO_COLOR` and `FORCE_COLOR`, then whether
 * the output is a terminal.
 */
export function styleOf({ env, isInteractive }: Terminal, asked: boolean | undefined): Style {
  if (asked !== undefined) return createStyle(asked)
  if ((env['NO_COLOR'] ?? '') !== '') return createStyle(false)
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return createStyle(forced !== '0' && forced !== 'false')
  return createStyle(isInteractive && env['TERM'] !== 'dumb')
}
