import type { ConnectionSource } from './connection-source.ts'

/**
 * Has a pool open a connection, and gives it back at once.
 *
 * @param noted called when it is known whether it could, before the connection goes back
 */
export function openOne<Connection>(
  source: ConnectionSource<Connection>,
  noted: (error?: Error) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: Error): void => {
      noted(reason)
      reject(reason)
    }
    try {
      source.take((error, connection, release) => {
        if (connection === undefined) return fail(error ?? new Error('the pool gave no connection'))
        noted()
        source.takeBack(connection, release)
        resolve()
      })
    } catch (error) {
      // Its driver could not even make a client.
      fail(error as Error)
    }
  })
}
