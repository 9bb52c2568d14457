import { parseArgs } from 'node:util'

export const usage: string = `Usage: npm run demo [-- --json]

Plays what transaction pooling breaks, what poolsafe says about it, and the form that works: on a PostgreSQL and a
PgBouncer started for it. Exits with 0 if every scene showed what it is about, else with 1.

  --json      print one JSON document instead, with all figures (npm run --silent demo -- --json)
  -h, --help  print this
`

/** What the command line asks for. */
export interface Arguments {
  readonly json: boolean
  readonly help: boolean
}

/** @returns `undefined` for arguments that do not exist */
export function parseArguments(args: readonly string[]): Arguments | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
    })
    return values
  } catch {
    return undefined
  }
}
