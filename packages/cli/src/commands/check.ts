import { Option, type Command } from 'commander'
import { addCommand, collect, styleFor, type CommonOptions, type Session } from './subcommand.ts'

interface Options extends CommonOptions {
  readonly config?: string
  readonly format?: string
  readonly pooler?: readonly string[]
  readonly rule?: readonly string[]
  readonly tests?: boolean
  readonly all?: boolean
}

/** `poolsafe check`: reads a code base and its migrations before anything runs. */
export function check(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'check [paths...]',
    description: 'Finds the SQL in JavaScript, TypeScript and .sql files that is unsafe behind a transaction pooler.',
    examples: [
      ['poolsafe check', 'the working folder'],
      ['poolsafe check --pooler pgbouncer@1.24', 'for this pooler; without it, for the strictest one'],
      ['poolsafe check src --format concise', 'one line for each finding'],
    ],
  })
    .option('--pooler <names>', 'the pooler, such as pgbouncer@1.24; several with commas, or repeated', collect)
    .option('--rule <ids>', 'only these rules; several with commas, or repeated', collect)
    .addOption(new Option('--format <name>', 'pretty, concise or json').default('pretty'))
    .option('--all', 'show every place, not only the first of each rule')
    .option('--tests', 'check tests, examples and benchmarks too')
    .option('--config <path>', 'the configuration file, instead of the nearest poolsafe.config')
    .action(async (paths: readonly string[], options: Options) => {
      const { runCheck } = await import('../check/run-check.ts')
      session.exitCode = await runCheck({ paths, ...options, style: styleFor(session, options) }, session.terminal)
    })
}
