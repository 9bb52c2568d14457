import { Command, CommanderError } from 'commander'
import * as commands from './commands/all.ts'
import type { Session } from './commands/subcommand.ts'
import { exitCodes, type ExitCode } from './exit-code.ts'
import type { Terminal } from './terminal/terminal.ts'
import { version } from './version.ts'

/**
 * Runs the command line.
 *
 * @param args without Node and the script
 * @returns the exit code
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const session: Session = { terminal, args, exitCode: exitCodes.clean }
  try {
    await createProgram(session).parseAsync(args, { from: 'user' })
    return session.exitCode
  } catch (error) {
    return await failed(error, terminal)
  }
}

function createProgram(session: Session): Command {
  const { terminal } = session
  const program = new Command('poolsafe')
    .enablePositionalOptions()
    .description('Finds what is unsafe behind a PostgreSQL transaction pooler, before anything runs.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err, getOutHelpWidth: () => terminal.columns })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride()
  for (const add of Object.values(commands)) add(program, session)
  return program
}

/** Reports an error. Commander has printed its own already. */
async function failed(error: unknown, { err }: Terminal): Promise<ExitCode> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.clean : exitCodes.error
  // Loaded here, because `poolsafe --version` and `--help` need nothing of it, and it takes as long as Node's start.
  const { isPoolsafeError } = await import('@poolsafe/core')
  if (isPoolsafeError(error)) err(`error: ${error.message}\n`)
  else err(`error: poolsafe failed; this is a bug of poolsafe, please report it\n${stackOf(error)}\n`)
  return exitCodes.error
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
