import { Option, type Command } from 'commander'
import { addCommand, styleFor, type CommonOptions, type Session } from './subcommand.ts'
import type { SizeFlags } from '../size/flags.ts'

type Options = CommonOptions & SizeFlags

/** `poolsafe size`: the sizes of pools and poolers for a load, with formulas and sources. */
export function size(program: Command, session: Session): void {
  addCommand(program, {
    usage: 'size',
    description: 'Sizes pools, poolers and the database for a load. Each number has its formula and its source.',
    examples: [
      ['poolsafe size --table', 'one application of each class, Small to Enterprise'],
      ['poolsafe size --cores 8 --processes 12 --rps 600 --mean 4', 'without a pooler'],
      ['poolsafe size --cores 64 --processes 500 --rps 8000 --poolers 4', '500 pods behind 4 poolers'],
      ['poolsafe size --rps 200 --mean 6 --p99 40 --simulate', 'the wait over pool sizes, as a chart'],
    ],
  })
    .option('--cores <n>', 'physical cores of the database server (default: 4)')
    .option('--disks <n>', 'disks that data is read from; 0 if it fits into memory (default: 0)')
    .option('--processes <n>', 'processes of the application (default: 2)')
    .option('--surge <n>', 'more processes in a rolling update (default: a quarter)')
    .option('--rps <n>', 'requests a second, of all processes (default: 50)')
    .option('--statements <n>', 'statements a request (default: 5)')
    .option('--mean <ms>', 'mean time of a statement with its round trip (default: 5)')
    .option('--p99 <ms>', '99th percentile of the same time (default: 5 × mean)')
    .option('--work-share <n>', 'share of that time in the database, the rest is network (default: 1)')
    .option('--hold-requests', 'a request keeps one connection for all its statements')
    .option('--at-once <n>', 'connections that one request holds at once (default: 1)')
    .option('--request-timeout <ms>', 'time limit of a request (default: 10000)')
    .option('--max-connections <n>', 'setting of the database (default: as many as needed)')
    .option('--reserved <n>', 'reserved connections of the database (default: 3)')
    .option('--others <n>', 'connections for migrations, monitoring and people (default: 5)')
    .option('--poolers <n>', 'transaction poolers in front of the database; 0 for none (default: 0)')
    .option('--pairs <n>', 'pairs of database and user that the poolers connect as (default: 1)')
    .option('--ram <size>', 'memory of the database server, such as 16GB (default: 4GB for each core)')
    .option('--shared-buffers <size>', 'setting of the database (default: a quarter of the memory)')
    .option('--work-mem <size>', 'setting of the database (default: what fits)')
    .option('--sorts <n>', 'sorts and hashes of one statement at once (default: 2)')
    .option('--parallel-workers <n>', 'max_parallel_workers_per_gather (default: 2)')
    .option('--table', 'one application of each class instead of yours')
    .option('--simulate', 'simulate the wait for a connection over pool sizes')
    .option('--stats <file>', 'simulate with the durations of a guard: JSON of guard.stats()')
    .addOption(new Option('--format <name>', 'how to print it').choices(['pretty', 'json', 'html']).default('pretty'))
    .action(async (options: Options) => {
      const { runSize } = await import('../size/run-size.ts')
      session.exitCode = await runSize(options, session.terminal, styleFor(session, options))
    })
}
