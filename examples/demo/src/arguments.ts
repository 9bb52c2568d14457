import { parseArgs } from 'node:util'
import { poolerNames, type PoolerName } from './poolers.ts'

export const usage: string = `Usage: npm run demo [-- [<scene>] [--json] [--pooler hostile|pgbouncer]]

Plays what transaction pooling breaks, what poolsafe says about it, and the form that works: on a PostgreSQL and a
pooler started for it. Exits with 0 if every scene showed what it is about, else with 1.

  <scene>             play this one alone: tenants, migrations, prisma, listen or pool
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
  /** The only scene to be played. */
  readonly scene: string | undefined
}

const sceneNames: readonly string[] = ['tenants', 'migrations', 'prisma', 'listen', 'pool']

/** @returns a sentence about an argument that does not exist */
export function parseArguments(args: readonly string[]): Arguments | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        pooler: { type: 'string', default: 'hostile' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const pooler = poolerNames.find((name) => name === values.pooler)
    if (pooler === undefined) return `There is no --pooler ${values.pooler}; there is ${poolerNames.join(' and ')}.`
    const [scene, ...others] = positionals
    const unknown = scene === undefined || sceneNames.includes(scene) ? others[0] : scene
    if (unknown !== undefined)
      return `There is no scene ${unknown}; one of ${sceneNames.join(', ')} may be played alone.`
    return { ...values, pooler, scene }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
