import { parseArgs } from 'node:util'
import { poolerNames, type PoolerName } from './poolers.ts'

export const usage: string = `Usage: npm run demo [-- [--json] [--pooler hostile|pgbouncer]]

Plays what transaction pooling breaks, what poolsafe says about it, and the form that works: on a PostgreSQL and a
pooler started for it. Exits with 0 if every scene showed what it is about, else with 1.

  --json              print one JSON document instead, with all figures (npm run --silent demo -- --json)
  --pooler hostile    poolsafe's own pooler for tests, at its worst and repeatable; needs nothing installed (the default)
  --pooler pgbouncer  the real one: from the PATH, else Docker, else Debian's package
  -h, --help          print this
`

/** What the command line asks for. */
export interface Arguments {
  readonly json: boolean
  readonly pooler: PoolerName
  readonly help: boolean
}

/** @returns a sentence about an argument that does not exist */
export function parseArguments(args: readonly string[]): Arguments | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        pooler: { type: 'string', default: 'hostile' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const pooler = poolerNames.find((name) => name === values.pooler)
    if (pooler !== undefined) return { ...values, pooler }
    return `There is no --pooler ${values.pooler}; there is ${poolerNames.join(' and ')}.`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
