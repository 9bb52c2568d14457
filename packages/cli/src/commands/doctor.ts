import { Option, type Command } from 'commander'
import type { DoctorFlags } from '../doctor/run-doctor.ts'
import { addCommand, styleFor, type CommonOptions, type Session } from './subcommand.ts'

type Options = CommonOptions & DoctorFlags

/** `poolsafe doctor`: the way from an application to its database, checked. */
export function doctor(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'doctor',
    description: 'Checks the pooler, its settings, timeouts, sums of connections, sessions and versions. Only reads.',
    examples: [
      ['poolsafe doctor', 'DATABASE_URL, and DIRECT_URL if it is set'],
      ['poolsafe doctor --processes 8 --pool 10 --ram 16GB', 'with the sums of connections and memory'],
      ['poolsafe doctor --admin-url postgresql://stats@pgbouncer:6432/pgbouncer', 'with PgBouncer’s own settings'],
    ],
  })
    .option('--url <url>', 'the URL of the application (default: DATABASE_URL)')
    .option('--direct-url <url>', 'the URL that goes round the pooler (default: DIRECT_URL)')
    .option('--admin-url <url>', 'PgBouncer’s console (default: the database pgbouncer at the URL)')
    .option('--pooler <name>', 'the profile of the guard (default: that of poolsafe.config)')
    .option('--processes <n>', 'processes of the application during a rolling update')
    .option('--pool <n>', 'connections of one process: the sum of its pools')
    .option('--poolers <n>', 'poolers side by side (default: 1)')
    .option('--named-statements', 'the application sends named statements (Prisma, postgres.js)')
    .option('--request-timeout <ms>', 'time limit of a request (default: 30000)')
    .option('--ram <size>', 'memory of the database server, such as 16GB')
    .addOption(new Option('--format <name>', 'how to print it').choices(['pretty', 'json', 'html']).default('pretty'))
    .action(async (options: Options) => {
      const { runDoctor } = await import('../doctor/run-doctor.ts')
      session.exitCode = await runDoctor(options, session.terminal, styleFor(session, options))
    })
}
