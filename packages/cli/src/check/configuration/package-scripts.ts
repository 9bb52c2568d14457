import type { CheckFinding } from '../finding.ts'
import type { Lines } from '../lines.ts'
import type { Judge } from '../sql/judge.ts'
import { judgeSent } from './check-configuration.ts'
import type { Sent } from './detector.ts'

/** A program that opens a connection itself. */
interface Program {
  readonly name: string
  readonly command: RegExp
  /** The pattern that makes it harmless: a flag, or a URL that bypasses the pooler. */
  readonly harmless: RegExp
  readonly what: string
  readonly sends: Sent
  readonly isOfMigrations: boolean
}

const direct = 'direct|unpooled|non_?pool'

const programs: readonly Program[] = [
  {
    name: 'graphile-worker',
    command: /(?:^|[\s;&|])graphile-worker(?=\s|$)/,
    harmless: new RegExp(String.raw`--(?:schema-only|cleanup|version|help)\b|${direct}`, 'i'),
    what: 'graphile-worker sends LISTEN on the connection that it is given',
    sends: { sql: 'LISTEN a' },
    isOfMigrations: false,
  },
  {
    name: 'node-pg-migrate',
    command: /(?:^|[\s;&|])node-pg-migrate(?:\s[^;&|]*)?\s(?:up|down|redo)\b/,
    harmless: new RegExp(String.raw`--no-lock\b|${direct}`, 'i'),
    what: 'node-pg-migrate takes a session lock',
    sends: { sql: 'SELECT pg_advisory_lock(1)' },
    isOfMigrations: true,
  },
]

/** A script of `package.json`: `"worker": "graphile-worker --crontab …"`. */
const script = /"([\w:.-]+)"\s*:\s*"((?:[^"\\\n]|\\.)*)"/g

/** Checks the programs that the scripts of a package run. Dependencies have no blanks, so no version is a command. */
export function checkScripts(path: string, source: string, lines: Lines, judges: readonly Judge[]): CheckFinding[] {
  return [...source.matchAll(script)].flatMap(({ 0: whole, 2: command = '', index }) =>
    programs.flatMap((program) => {
      if (!program.command.test(command) || program.harmless.test(command)) return []
      const place = lines.place(path, index, index + whole.length)
      return judges.flatMap((judge) =>
        judgeSent(program.sends, judge).map((finding) =>
          Object.assign({}, finding, place, {
            message: `${program.what}: it may reach another server connection than the one it is for`,
            instead: 'give it the direct URL of the database (DIRECT_URL), which goes round the pooler',
            helpers: [],
            level: program.isOfMigrations ? ('note' as const) : ('error' as const),
            origin: program.isOfMigrations ? ('migration' as const) : ('configuration' as const),
            statement: '',
            sql: '',
            poolers: [judge.pooler.label],
          }),
        ),
      )
    }),
  )
}
