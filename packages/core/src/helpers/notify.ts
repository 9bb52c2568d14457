import { InvalidOptionError } from '../errors.ts'
import type { Run } from './database.ts'

/** NAMEDATALEN is 64, with the zero at the end. Longer names are refused by pg_notify, and cut by LISTEN. */
const channelBytesAtMost = 63
/** https://www.postgresql.org/docs/current/sql-notify.html: "it must be shorter than 8000 bytes" */
const payloadBytesAtMost = 7999

/**
 * Sends a notification. It is safe through any pooler; inside a transaction it goes out with the COMMIT.
 *
 * @throws InvalidOptionError for a channel that PostgreSQL cannot have, and for a payload of 8000 bytes and more
 */
export async function notify(run: Run, channel: string, payload = ''): Promise<void> {
  checkChannel('notify(): channel', channel)
  if (typeof payload !== 'string') throw new InvalidOptionError('notify(): payload', typeof payload, 'a string')
  if (payload.includes('\0')) throw new InvalidOptionError('notify(): payload', 'a zero byte', 'a text without one')
  const bytes = Buffer.byteLength(payload)
  if (bytes > payloadBytesAtMost)
    throw new InvalidOptionError(
      'notify(): payload',
      `${bytes} bytes`,
      `at most ${payloadBytesAtMost} bytes, PostgreSQL's limit: write a row, and send its id`,
    )
  // The function returns void, which some drivers cannot read.
  await run('SELECT pg_notify($1, $2) IS NULL AS sent', [channel, payload])
}

/** @throws InvalidOptionError */
export function checkChannel(what: string, channel: unknown): asserts channel is string {
  const bytes = typeof channel === 'string' && !channel.includes('\0') ? Buffer.byteLength(channel) : 0
  if (bytes === 0 || bytes > channelBytesAtMost)
    throw new InvalidOptionError(what, channel, `a name of 1 to ${channelBytesAtMost} bytes`)
}
