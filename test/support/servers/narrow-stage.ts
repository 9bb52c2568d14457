import pg from 'pg'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { startNarrowPooler, type NarrowPooler } from './narrow-pooler.ts'

/** A PgBouncer with a single server connection, and another client that looks at it. */
export interface NarrowStage {
  /** The URL of the pooler. */
  readonly url: string
  /** Sees what the server connection keeps. */
  readonly stranger: pg.Client
}

/**
 * Opens the stage before the tests of a file, and closes it after them. Each test begins with a clean server connection.
 *
 * @param tables sent to the server once
 */
export function narrowStage(tables: string): NarrowStage {
  let narrow: NarrowPooler
  let stranger: pg.Client

  beforeAll(async () => {
    narrow = await startNarrowPooler()
    const admin = new pg.Client(narrow.server.url)
    await admin.connect()
    await admin.query(tables)
    await admin.end()
    stranger = new pg.Client(narrow.pooler.url)
    await stranger.connect()
  })

  afterAll(async () => {
    await stranger?.end()
    await narrow?.stop()
  })

  beforeEach(() => stranger.query('DISCARD ALL'))

  return {
    get url() {
      return narrow.pooler.url
    },
    get stranger() {
      return stranger
    },
  }
}
