import type { Command } from 'commander'

/** A command, with what a shell may complete. */
export interface Described {
  readonly name: string
  readonly description: string
  readonly options: readonly DescribedOption[]
}

export interface DescribedOption {
  /** With its dashes. */
  readonly name: string
  readonly description: string
  readonly takesValue: boolean
  /** All values that it takes; empty if it takes any. */
  readonly values: readonly string[]
}

/** Values of options that commander does not know, by the command and the option: `check --format`, or by the option. */
export type Values = Readonly<Record<string, readonly string[]>>

/** Returns the commands of a program as its help shows them. */
export function describe(program: Command, values: Values): Described[] {
  const help = program.createHelp()
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    description: help.subcommandDescription(command),
    options: help.visibleOptions(command).flatMap(({ long, description, required, optional, argChoices }) => {
      if (long === undefined || long === null) return []
      const known = argChoices ?? values[`${command.name()} ${long}`] ?? values[long] ?? []
      const takesValue = required || optional
      return [{ name: long, description, takesValue, values: takesValue ? known : [] }]
    }),
  }))
}
