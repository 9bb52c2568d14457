import { Option, type Command } from 'commander'
import type { SummaryFormat } from '../run/run-run.ts'
import { addCommand, collect, styleFor, type CommonOptions, type Session } from './subcommand.ts'

interface Options extends CommonOptions {
  readonly strict?: boolean
  readonly pooler?: string
  readonly allow?: readonly string[]
  readonly format: SummaryFormat
  readonly output?: string
}

/** `poolsafe run`: guards every Node process below a command, and ends with one summary of all of them. */
export function run(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'run <command...>',
    description:
      'Runs a command with node-postgres and postgres.js guarded in every Node process, and sums up what was found.',
    examples: [
      ['poolsafe run -- node app.js', 'warns, and changes nothing'],
      ['poolsafe run --pooler pgbouncer@1.24 -- npm test', 'for this pooler; without it, for the strictest one'],
      ['poolsafe run --strict -- npx vitest run', 'refuses unsafe statements, and exits with 1 if there were any'],
    ],
  })
    .option('--strict', 'refuse unsafe statements; exit with 1 if anything was found')
    .option('--pooler <name>', 'the pooler, such as pgbouncer@1.24')
    .option('--allow <rules>', 'allow the findings of these rules; several with commas, or repeated', collect)
    .addOption(
      new Option('--format <name>', 'of the summary').choices(['pretty', 'json', 'junit', 'html']).default('pretty'),
    )
    .option('--output <file>', 'write the summary to a file instead of the standard error')
    .passThroughOptions()
    .action(async (command: readonly string[], options: Options) => {
      const { runRun } = await import('../run/run-run.ts')
      session.exitCode = await runRun({ command, ...options, style: styleFor(session, options) }, session.terminal)
    })
}
