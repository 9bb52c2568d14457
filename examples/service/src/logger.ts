import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'

/** Where the log is kept as JSON lines; `npm run load` reads it. */
export const logFile: string = process.env.LOG_FILE ?? join(import.meta.dirname, '../.cache/service.log')

/** Words on a terminal, JSON lines for everyone else; and both ways JSON lines in {@link logFile}. */
export function createLogger(): Logger {
  mkdirSync(join(logFile, '..'), { recursive: true })
  const file = pino.destination({ dest: logFile, append: false, sync: true })
  const output = process.stdout.isTTY
    ? pretty({ ignore: 'pid,hostname,poolsafe' })
    : pino.destination({ fd: 1, sync: true })
  return pino({}, pino.multistream([{ stream: output }, { stream: file }]))
}
