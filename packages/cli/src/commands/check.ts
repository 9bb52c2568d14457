import type { Command } from 'commander'
import type { CheckRequest } from '../check/request.ts'
import { addCommand, collect, styleFor, type CommonOptions, type Session } from './subcommand.ts'

type Options = CommonOptions & Omit<CheckRequest, 'paths' | 'style'>

/** `poolsafe check`: reads a code base and its migrations before anything runs. */
export function check(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'check [paths...]',
    description: 'Finds the SQL and the configurations in a code base that are unsafe behind a transaction pooler.',
    examples: [
      ['poolsafe check', 'the working folder'],
      ['poolsafe check --pooler pgbouncer@1.24', 'for this pooler; without it, for the strictest one'],
      ['poolsafe check --changed origin/main', 'only files that this branch changes'],
      ['poolsafe check --format sarif --output poolsafe.sarif', 'for GitHub code scanning'],
      ['poolsafe check --fix --dry-run', 'what an exact repair would change'],
    ],
  })
    .option('--pooler <names>', 'the pooler, such as pgbouncer@1.24; several with commas, or repeated', collect)
    .option('--catalog <file>', 'what poolsafe audit --write has written: also find statements that run such code')
    .option('--rule <ids>', 'only these rules; several with commas, or repeated', collect)
    .option('--format <name>', 'pretty, concise, json, sarif, github, gitlab, junit or html')
    .option('--output <path>', 'write the report to a file')
    .option('--all', 'show every place, not only the first of each rule')
    .option('--tests', 'check tests, examples and benchmarks too')
    .option('--changed [base]', 'only files that differ from a commit; without it, from the newest one')
    .option('--baseline [path]', 'leave out the findings of a baseline (poolsafe-baseline.json)')
    .option('--update-baseline', 'write the baseline from what is found')
    .option('--fix', 'repair what has an exact repair: SET to SET LOCAL in a transaction, and the like')
    .option('--dry-run', 'with --fix: show the changes, write nothing')
    .option('--watch', 'check again whenever a file changes')
    .option('--cache', 'read only what has changed since the last check')
    .option('--no-cache', 'ignore the cache (the default)')
    .option('--cache-location <folder>', 'the folder of the cache (default: node_modules/.cache/poolsafe)')
    .option('--stdin-filepath <path>', 'check standard input as if it were this file')
    .option('--config <path>', 'the configuration file, instead of the nearest poolsafe.config')
    .action(async (paths: readonly string[], options: Options) => {
      const request = { ...options, paths, style: styleFor(session, options) }
      if (options.watch === true) {
        const { watchCheck } = await import('../check/watch/watch-check.ts')
        session.exitCode = await watchCheck(session.args, request, session.terminal)
        return
      }
      const { runCheck } = await import('../check/run-check.ts')
      session.exitCode = await runCheck(request, session.terminal)
    })
}
