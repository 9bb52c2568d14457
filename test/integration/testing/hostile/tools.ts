// psql, pgbench and pg_dump through the hostile pooler: a table of what ran and how it ended. Their binaries must be of
// the server's version or later; they are taken from the folder POOLSAFE_POOLER_ROOT (a root file system with
// PostgreSQL's client programs).
//
//   POOLSAFE_POOLER_ROOT=/opt/pooler-root [SECONDS_EACH=30] node --conditions=@poolsafe/source test/integration/testing/hostile/tools.ts
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { poolers, type PoolerProfile } from '@poolsafe/core'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import { startPostgres } from '@poolsafe/testing/servers'
import Table from 'cli-table3'

const root = process.env.POOLSAFE_POOLER_ROOT ?? ''
if (!existsSync(join(root, 'usr/bin/psql')) || root === '') {
  console.error(
    'POOLSAFE_POOLER_ROOT must name a root file system with psql, pgbench and pg_dump, such as /opt/pooler-root',
  )
  process.exit(2)
}
const seconds = Number(process.env.SECONDS_EACH ?? 30)
const clients = 8

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(program: string, args: readonly string[], input = ''): Promise<Ran> {
  const child = spawn('chroot', [root, program, ...args], { env: { PATH: '/usr/sbin:/usr/bin', PGSSLMODE: 'prefer' } })
  child.stdin.end(input)
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, stdout, stderr }
}

const server = await startPostgres({ settings: { max_connections: '60' } })
const table = new Table({
  head: ['program', 'pooler', 'inspected', 'ended with', 'says'],
  colWidths: [22, 11, 11, 12, 60],
  wordWrap: true,
  style: { head: [], border: [] },
})
let failed = 0

async function step(
  name: string,
  profile: PoolerProfile,
  inspect: boolean,
  work: (url: string) => Promise<{ ran: Ran; says: string; isRight: boolean }>,
): Promise<void> {
  const pooler = await startHostilePooler({ target: server, pooler: profile, inspect })
  const { ran, says, isRight } = await work(pooler.url)
  const reports = await pooler.reports()
  await pooler.stop()
  if (!isRight) {
    failed++
    console.error(ran.stderr)
  }
  const states = [
    ...new Set(reports.flatMap((report) => report.states.map(({ kind, object }) => `${kind} ${object}`))),
  ].join(', ')
  table.push([
    name,
    profile.name,
    inspect ? 'yes' : 'no',
    `${isRight ? '' : 'WRONG: '}${ran.code}`,
    `${says}${states === '' ? '' : `; left ${states}`}`,
  ])
}

const carriesNames = poolers.pgbouncer({ version: '1.26', serverVersion: 18 })

await step('psql', poolers.strictest(), true, async (url) => {
  const script = `\\set ON_ERROR_STOP on
CREATE TABLE items (id int PRIMARY KEY, name text);
\\copy items FROM STDIN
1\tone
2\ttwo
\\.
BEGIN; UPDATE items SET name = 'zwei' WHERE id = 2; COMMIT;
\\copy items TO STDOUT
SELECT count(*) FROM items \\gx
SELECT 1 AS bound WHERE 1 = $1 \\bind 1 \\g
\\d items
`
  const ran = await run('psql', ['-X', '-q', '-d', url], script)
  const isRight =
    ran.code === 0 &&
    ran.stderr === '' &&
    ran.stdout.includes('2\tzwei') &&
    ran.stdout.includes('count | 2') &&
    ran.stdout.includes('items_pkey')
  return { ran, isRight, says: `${ran.stdout.split('\n').length} lines` }
})

await step('pgbench -i', poolers.strictest(), true, async (url) => {
  const ran = await run('pgbench', ['-i', '-q', '-s', '1', url])
  return { ran, isRight: ran.code === 0, says: ran.stderr.trim().split('\n').at(-1) ?? '' }
})

for (const mode of ['simple', 'extended', 'prepared']) {
  for (const inspect of [false, true]) {
    const profile = mode === 'prepared' ? carriesNames : poolers.strictest()
    await step(`pgbench -M ${mode}`, profile, inspect, async (url) => {
      const ran = await run('pgbench', ['-n', '-M', mode, '-c', String(clients), '-j', '2', '-T', String(seconds), url])
      const tps = /tps = ([\d.]+)/.exec(ran.stdout)?.[1]
      const hasNoneFailed = ran.stdout.includes('number of failed transactions: 0')
      const isRight = ran.code === 0 && hasNoneFailed && !/error|aborted/i.test(ran.stderr)
      return { ran, isRight, says: `${tps} transactions a second, ${clients} clients, ${seconds} s` }
    })
  }
}

await step('pg_dump', poolers.strictest(), true, async (url) => {
  const ran = await run('pg_dump', ['--inserts', '--exclude-table=pgbench_*', url])
  const { port, host, user, password, database } = server
  const direct = await run('pg_dump', [
    '--inserts',
    '--exclude-table=pgbench_*',
    `postgresql://${user}:${password}@${host}:${port}/${database}`,
  ])
  // Each run of pg_dump restricts psql by a random word.
  const comparable = (dump: string): string => dump.replaceAll(/^\\(un)?restrict .*$/gm, '')
  const isRight = ran.code === 0 && comparable(ran.stdout) === comparable(direct.stdout) && ran.stdout.includes('zwei')
  return { ran, isRight, says: `${ran.stdout.length} characters, as without a pooler` }
})

await server.stop()
console.log(table.toString())
process.exitCode = failed === 0 ? 0 : 1
