import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'

/** The file with the log as JSON lines. `npm run load` reads it. */
export const logFile: string = process.env.LOG_FILE ?? join(import.meta.dirname, '../.cache/service.log')

/** Readable on a terminal, JSON lines elsewhere. {@link logFile} always gets JSON lines. */
export function createLogger(): Logger {
  mkdirSync(join(logFile, '..'), { recursive: true })
  const file = pino.destination({ dest: logFile, append: false, sync: true })
  const output = process.stdout.isTTY
    ? pretty({ ignore: 'pid,hostname,poolsafe' })
    : pino.destination({ fd: 1, sync: true })
  return pino({}, pino.multistream([{ stream: output }, { stream: file }]))
}
