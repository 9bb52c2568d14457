import type { ConnectionSource } from './connection-source.ts'

/**
 * Has a pool open a connection, and gives it back at once.
 *
 * @param noted called when it is known whether it could, before the connection goes back
 */
export function openOne<Connection>(source: ConnectionSource<Connection>, noted: (error?: Error) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    source.take((error, connection, release) => {
      if (connection === undefined) {
        const reason = error ?? new Error('the pool gave no connection')
        noted(reason)
        reject(reason)
        return
      }
      noted()
      source.takeBack(connection, release)
      resolve()
    })
  })
}
