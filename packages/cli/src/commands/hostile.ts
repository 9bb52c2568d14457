import type { Command } from 'commander'
import { addCommand, collect, styleFor, type CommonOptions, type Session } from './subcommand.ts'

interface Options extends CommonOptions {
  readonly target: string
  readonly listen?: string
  readonly env?: readonly string[]
  readonly pooler?: string
}

/** `poolsafe hostile`: the hostile pooler in front of a database, for a client in any language. */
export function hostile(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'hostile [command...]',
    description:
      'Runs a pooler in front of a test database that gives each transaction another server session, ' +
      'and reports what each one left behind.',
    examples: [
      ['poolsafe hostile --target postgres://me@localhost/test -- pytest', 'runs tests, with DATABASE_URL set to it'],
      ['poolsafe hostile --target $URL --env DB_URL -- rspec', 'sets another variable'],
      ['poolsafe hostile --target $URL --listen 6432', 'until Ctrl+C, for clients that you start yourself'],
    ],
  })
    .requiredOption('--target <url>', 'the PostgreSQL behind it: postgres://user:password@host:port/database')
    .option('--listen <port>', 'the port on 127.0.0.1; without it, a free one')
    .option('--env <names>', 'the variables that get its URL; several with commas (default: DATABASE_URL)', collect)
    .option('--pooler <name>', 'the pooler that it behaves like, such as pgbouncer@1.24')
    .passThroughOptions()
    .action(async (command: readonly string[], options: Options) => {
      const { runHostile } = await import('../hostile/run-hostile.ts')
      session.exitCode = await runHostile({ command, ...options, style: styleFor(session, options) }, session.terminal)
    })
}
