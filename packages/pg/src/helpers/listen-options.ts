import { InvalidOptionError } from '@poolsafe/core'
import { checkChannel, checkMillis, checkObject } from '@poolsafe/core/internal'
import type { DirectOptions } from './direct-connection.ts'

/** Called with the payload of each notification. A promise that it returns is not waited for. */
export type NotificationHandler = (payload: string, notification: Notification) => unknown

export interface Notification {
  readonly channel: string
  /** The server process that sent it. */
  readonly processId: number
}

/** Notifications may have been missed: read what they would have told. */
export interface NotificationGap {
  /** How long nothing was heard, in milliseconds: since the last sign of life of the lost connection. */
  readonly gapMillis: number
  /** Why the connection was lost. */
  readonly cause: unknown
}

export interface ListenOptions extends DirectOptions {
  /** Called when the listener listens again after its connection was lost. */
  readonly onGap?: (gap: NotificationGap) => unknown
  /**
   * Called with what a handler throws or rejects with, and with the reason of each failed reconnection. The listener
   * lives on. @default one warning of the process for each channel
   */
  readonly onError?: (error: unknown, at: { readonly channel?: string }) => unknown
  /**
   * How often a silent connection is asked, in milliseconds. One that has not answered by the next time is closed and
   * replaced. `Infinity` for never. @default 10000
   */
  readonly heartbeatMillis?: number
  /** The longest pause between two attempts to reconnect, in milliseconds; the first is 50. @default 10000 */
  readonly reconnectAtMostMillis?: number
}

export type ResolvedListenOptions = Required<Pick<ListenOptions, 'heartbeatMillis' | 'reconnectAtMostMillis'>> &
  ListenOptions

const defaultHeartbeatMillis = 10_000
const defaultReconnectAtMostMillis = 10_000

/** @throws InvalidOptionError */
export function resolveListenOptions(options: ListenOptions): ResolvedListenOptions {
  checkObject('listen()', options, ['onGap', 'onError', 'heartbeatMillis', 'reconnectAtMostMillis', 'sessionPooler'])
  const { heartbeatMillis = defaultHeartbeatMillis, reconnectAtMostMillis = defaultReconnectAtMostMillis } = options
  checkMillis('listen(): heartbeatMillis', heartbeatMillis)
  checkMillis('listen(): reconnectAtMostMillis', reconnectAtMostMillis)
  return { ...options, heartbeatMillis, reconnectAtMostMillis }
}

/** @throws InvalidOptionError */
export function checkHandlers(handlers: Readonly<Record<string, NotificationHandler>>): void {
  if (typeof handlers !== 'object' || handlers === null || Object.keys(handlers).length === 0)
    throw new InvalidOptionError('listen(): handlers', handlers, 'an object with a function for each channel')
  for (const [channel, handler] of Object.entries(handlers)) {
    checkChannel('listen(): channel', channel)
    if (typeof handler !== 'function')
      throw new InvalidOptionError(`listen(): the handler of ${channel}`, handler, 'a function')
  }
}
