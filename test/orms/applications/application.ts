import { createGuard, type FindingEvent, type Guard } from '@poolsafe/core'
import { subscribe } from 'node:diagnostics_channel'

/** The output of an application: its results, and the findings of the guards of the process. */
export interface Printed {
  readonly results: unknown
  readonly findings: readonly Found[]
}

/** A finding, as far as the tests compare it. */
export interface Found {
  readonly rule: string
  readonly statement: string
  readonly place: string | undefined
}

/** The database's URL. */
export const url: string = process.env['DATABASE_URL'] ?? ''

/** The guard to wire by hand; `undefined` if the register guards the process, or nothing does. */
export const guard: Guard | undefined =
  process.env['WIRED'] === 'hand' ? createGuard({ logger: { warn() {} } }) : undefined

/** True if the options are set that stop what the ORM itself sends. */
export const isTame: boolean = process.env['TAME'] === 'true'

const findings: Found[] = []
subscribe('poolsafe:finding', (message) => {
  const { findings: found, statement, place } = message as FindingEvent
  findings.push(...found.map(({ rule }) => ({ rule, statement, place })))
})

/** Runs the application and prints its results as one line of JSON. */
export async function run(application: () => Promise<unknown>): Promise<void> {
  const results = await application()
  console.log(JSON.stringify({ results, findings } satisfies Printed))
}

/** A statement that fails. */
export const failing = 'SELECT missing'

/**
 * The statement that each application sends by its raw query. It is not safe behind a pooler; or it fails, and the
 * application does not catch the error.
 */
export const planted: string = process.env['FAILS'] === 'true' ? failing : "SET app.tenant = 'acme'"

process.on('uncaughtExceptionMonitor', (error) => console.log(JSON.stringify(describeError(error))))

/** Everything of an error but its stack. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, cause, constructor } = error
  const fields = Object.entries(error).filter(([, value]) => typeof value !== 'object')
  return { class: constructor.name, name, message, ...Object.fromEntries(fields), cause: describeError(cause) }
}
