import { InvalidArgumentError, type Command } from 'commander'
import { styleOf, type Terminal } from '../terminal/terminal.ts'
import type { Style } from '../terminal/style.ts'

/** One run of the command line. */
export interface Session {
  readonly terminal: Terminal
  /** The command line without Node and the script. */
  readonly args: readonly string[]
  /** The exit code, set by the command that ran. */
  exitCode: number
}

/**
 * Adds a subcommand to the program. Its file loads what it needs only when it runs, so `--help` stays fast.
 *
 * A new command is one file and one line in `all.ts`.
 */
export type Subcommand = (program: Command, session: Session) => void

/** The options that every command has. */
export interface CommonOptions {
  readonly color?: boolean
}

/** A command's description of itself. */
export interface About {
  /** The name with its arguments: `explain [sql]`. */
  readonly usage: string
  readonly description: string
  /** Command lines that work, each with what it does. */
  readonly examples: readonly (readonly [command: string, does: string])[]
}

/** Adds a command with the options that every command has, and its examples at the end of `--help`. */
export function addCommand(program: Command, { usage, description, examples }: About): Command {
  const width = Math.max(...examples.map(([command]) => command.length))
  const lines = examples.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`)
  return program
    .command(usage)
    .description(description)
    .option('--color', 'print colours although the output is not a terminal')
    .option('--no-color', 'print no colours')
    .helpOption('-h, --help', 'print this help')
    .showHelpAfterError(`See poolsafe ${usage.replace(/ .*/, '')} --help.`)
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

/** Returns the colours for the output of a command. */
export function styleFor({ terminal }: Session, { color }: CommonOptions): Style {
  return styleOf(terminal, color)
}

/**
 * For an option with a list: values with commas between them, or the option several times.
 *
 * @throws InvalidArgumentError without a value, as for an unset variable
 */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  const values = value.split(',').map((each) => each.trim())
  if (values.every((each) => each === '')) throw new InvalidArgumentError('It is empty.')
  return [...earlier, ...values.filter((each) => each !== '')]
}
