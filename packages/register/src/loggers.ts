import { writeSync } from 'node:fs'
import type { Logger } from '@poolsafe/core'

/** Logs one line of JSON for each message to the standard error, with the fields below the key `poolsafe`. */
export const jsonLogger: Logger & { debug(): void } = {
  debug() {},
  info: (...entry: unknown[]) => writeLine('info', entry),
  warn: (...entry: unknown[]) => writeLine('warn', entry),
  error: (...entry: unknown[]) => writeLine('error', entry),
}

/** Logs nothing. */
export const silentLogger: Logger = { warn() {} }

/** Synchronous, so that the last lines of a process that ends are not lost. */
function writeLine(level: string, [message, fields]: readonly unknown[]): void {
  const line = `${JSON.stringify({ level, time: new Date().toISOString(), message, ...(fields as object | undefined) })}\n`
  try {
    writeSync(2, line)
  } catch {
    // A closed or full standard error must not stop the application.
  }
}
