import { Option, type Command } from 'commander'
import { addCommand, styleFor, type CommonOptions, type Session } from './subcommand.ts'

interface Options extends CommonOptions {
  readonly url?: string
  readonly pooler?: string
  readonly write?: string
  readonly undecided?: boolean
  readonly format: 'pretty' | 'json' | 'html' | 'sarif'
}

/** `poolsafe audit`: the code that a database keeps, judged for a pooler. */
export function audit(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'audit',
    description:
      'Finds functions, triggers, views, defaults and policies that change the session, and what is left there now. Only reads.',
    examples: [
      ['poolsafe audit', 'the database of DATABASE_URL'],
      ['poolsafe audit --url postgresql://auditor@db:5432/shop', 'another one'],
      ['poolsafe audit --pooler pgbouncer@1.24 --format json', 'for this pooler; without it, for the strictest one'],
      ['poolsafe audit --write poolsafe.catalog.json', 'also a file for createGuard({ catalog }) and poolsafe check'],
    ],
  })
    .option('--url <url>', 'the database (default: DATABASE_URL)')
    .option('--pooler <name>', 'the pooler, such as pgbouncer@1.24 (default: the strictest)')
    .option('--write <file>', 'also write what the guard needs to know about the code')
    .option('--undecided', 'with --write: also code that cannot be judged, which strict mode then refuses')
    .addOption(
      new Option('--format <name>', 'how to print it').choices(['pretty', 'json', 'html', 'sarif']).default('pretty'),
    )
    .action(async (options: Options) => {
      const { runAudit } = await import('../audit/run-audit.ts')
      session.exitCode = await runAudit(options, session.terminal, styleFor(session, options))
    })
}
