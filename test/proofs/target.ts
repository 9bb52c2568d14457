import type { PoolerProfile } from '@poolsafe/core'
import pg from 'pg'
import { urlOf } from '../support/servers/backend.ts'

/** A server that the proofs are run on. */
export interface Target {
  /** The heading of its column. */
  readonly name: string
  readonly port: number
  readonly profile: PoolerProfile
}

/** Nothing in the proofs waits for long: who gets no answer by then will get none. */
export const answerMillis = 120_000

export const password = 'postgres'
export const stage = 'stage'

/** The address of the stage for one user. */
export function stageUrl({ port }: Pick<Target, 'port'>, user: string): string {
  return urlOf(port, { user, password, database: stage })
}

export async function connect(target: Pick<Target, 'port'>, user: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: stageUrl(target, user), query_timeout: answerMillis })
  // The server connections of a proof are ended when it is over.
  client.on('error', () => undefined)
  await client.connect()
  return client
}
