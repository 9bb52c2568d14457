import { parseArgs } from 'node:util'

export const usage: string = `Usage: npm run load [-- [--url 127.0.0.1:3000] [--admin 127.0.0.1:9464] [--screens <folder>]]
       npm run check [-- [--screens <folder>]]

Plays a slow query, an N+1 and an exhausted pool against the service, and looks for each in its log, in /health, in a real Prometheus and
among the alerts. Takes about half a minute. Exits with 0 if everything was found, else with 1.

  --url               where the service of \`npm start\` listens (127.0.0.1:3000)
  --admin             where it has /health with details and /metrics (127.0.0.1:9464)
  --start             starts a service of its own instead, as \`npm run check\` does
  --screens <folder>  writes pictures of the log and of the dashboard's panels there
  -h, --help          print this
`

/** The options of the command line. */
export interface Arguments {
  readonly url: string
  readonly admin: string
  readonly start: boolean
  readonly screens: string | undefined
  readonly help: boolean
}

/** @returns a sentence about an argument that does not exist */
export function parseArguments(args: readonly string[]): Arguments | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: 'string', default: '127.0.0.1:3000' },
        admin: { type: 'string', default: '127.0.0.1:9464' },
        start: { type: 'boolean', default: false },
        screens: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return { ...values, screens: values.screens }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
