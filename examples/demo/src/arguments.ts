import { parseArgs } from 'node:util'
import { poolerNames, type PoolerName } from './poolers.ts'

export const usage: string = `Usage: npm run demo [-- [<scene>] [--json] [--pooler hostile|pgbouncer]]

Shows what transaction pooling breaks, what poolsafe reports, and the form that works, on a PostgreSQL and a
pooler that it starts. Exits with 0 if every scene showed its point, otherwise with 1.

  <scene>             play only this one: tenants, migrations, prisma, listen, pool or legacy
  --json              print one JSON document instead, with all figures (npm run --silent demo -- --json)
  --pooler hostile    poolsafe's own pooler for tests, at its worst and repeatable; needs nothing installed (the default)
  --pooler pgbouncer  a real PgBouncer: from the PATH, else Docker, else Debian's package
  -h, --help          print this
`

/** The options of the command line. */
export interface Arguments {
  readonly json: boolean
  readonly pooler: PoolerName
  readonly help: boolean
  /** The only scene to play. */
  readonly scene: string | undefined
}

const sceneNames: readonly string[] = ['tenants', 'migrations', 'prisma', 'listen', 'pool', 'legacy']

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
    if (pooler === undefined) return `Unknown --pooler ${values.pooler}; known are ${poolerNames.join(' and ')}.`
    const [scene, ...others] = positionals
    const unknown = scene === undefined || sceneNames.includes(scene) ? others[0] : scene
    if (unknown !== undefined) return `Unknown scene ${unknown}; known scenes are ${sceneNames.join(', ')}.`
    return { ...values, pooler, scene }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
