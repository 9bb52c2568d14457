import type { Command } from 'commander'
import { addCommand, type Session } from './subcommand.ts'

/** `poolsafe completion`: a script with which a shell completes commands, options and their values. */
export function completion(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'completion <shell>',
    description: 'Prints a script that completes commands, options and their values: bash, zsh or fish.',
    examples: [
      ['poolsafe completion bash >> ~/.bashrc', 'for bash'],
      ['poolsafe completion zsh >> ~/.zshrc', 'for zsh'],
      ['poolsafe completion fish > ~/.config/fish/completions/poolsafe.fish', 'for fish'],
    ],
  }).action(async (shell: string) => {
    const { runCompletion } = await import('../completion/run-completion.ts')
    session.exitCode = runCompletion(shell, program, session.terminal)
  })
}
