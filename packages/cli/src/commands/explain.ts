import type { Command } from 'commander'
import { addCommand, collect, styleFor, type CommonOptions, type Session } from './subcommand.ts'

interface Options extends CommonOptions {
  readonly pooler?: readonly string[]
  readonly catalog?: string
  readonly config?: string
  readonly json?: boolean
}

/** `poolsafe explain`: one statement judged for every pooler, or the page of one rule. */
export function explain(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'explain [sql]',
    description: 'Judges one SQL text for every pooler, or explains a rule. Reads standard input without an argument.',
    examples: [
      ["poolsafe explain 'SET search_path = tenant'", 'what each pooler does with it'],
      ['poolsafe explain session/advisory-lock', 'what the rule finds, and the safe form'],
      ['poolsafe explain --pooler pgbouncer@1.24 < query.sql', 'for one pooler, from standard input'],
    ],
  })
    .option('--pooler <names>', 'only these poolers, such as pgbouncer@1.24,odyssey; may be repeated', collect)
    .option('--catalog <file>', 'what poolsafe audit --write has written: also judge the code that the text runs')
    .option('--config <path>', 'the configuration file, instead of the nearest poolsafe.config')
    .option('--json', 'print JSON')
    .action(async (sql: string | undefined, options: Options) => {
      const { runExplain } = await import('../explain/run-explain.ts')
      session.exitCode = await runExplain({ sql, ...options, style: styleFor(session, options) }, session.terminal)
    })
}
