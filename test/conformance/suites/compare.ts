import { startPostgres } from '@poolsafe/testing/servers'
import pg from 'pg'
import type { Results, Run, Suite } from './suite.ts'

/** A suite as it is, and with its pools guarded. */
export interface Comparison {
  readonly unguarded: Results
  readonly guarded: Results
  /** Tests that failed in the guarded run and passed when they ran again, alone. */
  readonly unsteady: readonly string[]
  /** Tests that pass unguarded and fail guarded, each time, with their messages. */
  readonly broken: ReadonlyMap<string, string>
}

/** How often a test that failed only guarded may fail alone before it counts. */
const mostAttempts = 3

/**
 * Runs a suite twice. A test that fails only guarded runs again alone, since load makes some of them fail in either
 * run.
 */
export async function compare(suite: Suite, folder: string): Promise<Comparison> {
  const unguarded = await onServer(suite, folder, { isGuarded: false })
  const guarded = await onServer(suite, folder, { isGuarded: true })
  const unsteady: string[] = []
  const broken = new Map<string, string>()
  for (const [title] of [...unguarded].filter(
    ([test, failure]) => failure === undefined && !hasPassed(guarded, test),
  )) {
    if (await passesAlone(suite, folder, title)) unsteady.push(title)
    else broken.set(title, guarded.get(title) ?? 'it did not run')
  }
  return { unguarded, guarded, unsteady, broken }
}

async function passesAlone(suite: Suite, folder: string, title: string): Promise<boolean> {
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    if (hasPassed(await onServer(suite, folder, { isGuarded: true, only: title }), title)) return true
  }
  return false
}

/** Returns true if a test ran and passed. */
export function hasPassed(results: Results, title: string): boolean {
  return results.has(title) && results.get(title) === undefined
}

/** Each run has a server of its own: tests leave things behind. */
async function onServer(suite: Suite, folder: string, run: Omit<Run, 'server'>): Promise<Results> {
  const server = await startPostgres({ settings: { max_connections: '200' } })
  try {
    await makeDatabase(suite, server.url)
    return await suite.run(folder, { ...run, server })
  } finally {
    await server.stop()
  }
}

/** Makes what a suite's tests expect of the server. */
export async function makeDatabase(suite: Suite, url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  for (const statement of suite.database ?? []) await admin.query(statement)
  await admin.end()
}
