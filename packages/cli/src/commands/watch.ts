import { Option, type Command } from 'commander'
import type { WatchFlags } from '../watch/flags.ts'
import { addCommand, collect, styleFor, type CommonOptions, type Session } from './subcommand.ts'

type Options = CommonOptions & WatchFlags

/** `poolsafe watch`: closes idle connections of an application before the server is full. */
export function watch(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'watch',
    description:
      'Watches how many connections of PostgreSQL are used, and closes idle ones of your application if they are too many. ' +
      'Without --apply it only says which.',
    examples: [
      ["poolsafe watch --application 'shop-*'", 'says every minute what it would close'],
      ["poolsafe watch --application 'shop-*' --apply --metrics-port 9187", 'closes, and counts for Prometheus'],
      ["poolsafe watch --application 'shop-*' --above 90 --idle 10min --apply", 'later'],
      ["poolsafe watch --application 'shop-*' --apply --once", 'one look, for a job that runs each minute'],
    ],
  })
    .option('--url <url>', 'PostgreSQL itself, not a pooler (default: DIRECT_URL, then DATABASE_URL)')
    .option('--application <name>', 'application_name of connections to close; * is any text', collect)
    .option('--role <name>', 'close only connections of this role; superusers must be named', collect)
    .option('--above <percent>', 'close if more connections are used (default: 80)')
    .option('--idle <duration>', 'close what is idle for longer (default: 5min)')
    .option('--interval <duration>', 'time between two looks (default: 1min)')
    .option('--apply', 'close connections')
    .option('--dry-run', 'close nothing (default)')
    .option('--once', 'look once and exit; 1 if too many connections are left')
    .option('--admin-url <url>', 'PgBouncer’s console: spares its connections, or closes its clients')
    .option('--pooler-address <ip>', 'spare all connections from this address', collect)
    .option('--pooler-connections', 'close connections of poolers too')
    .option('--metrics-port <port>', 'serve metrics for Prometheus at /metrics')
    .option('--metrics-host <host>', 'address of the metrics (default: 127.0.0.1)')
    .addOption(new Option('--format <name>', 'how to print it').choices(['pretty', 'json']).default('pretty'))
    .action(async (options: Options) => {
      const { runWatch } = await import('../watch/run-watch.ts')
      session.exitCode = await runWatch(options, session.terminal, styleFor(session, options))
    })
}
