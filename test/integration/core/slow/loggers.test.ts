import { engineOf } from '@poolsafe/core/adapter'
import { createGuard, type Logger } from '@poolsafe/core'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import pino from 'pino'
import winston from 'winston'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { observed, sleep, until, watch } from './setup.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(async () => {
  await server.stop()
})

/** A line of a structured log, as far as it is ours. */
interface Line {
  readonly level: unknown
  readonly msg?: string
  readonly message?: string
  readonly poolsafe?: Readonly<Record<string, unknown>>
}

function sink(): { readonly stream: Writable; readonly lines: () => Line[] } {
  let text = ''
  const write = (chunk: Buffer | string, _encoding: string, done: () => void): void => {
    text += String(chunk)
    done()
  }
  const lines = (): Line[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
      // A pool logs its limits when it starts.
      .filter(({ poolsafe }) => poolsafe?.event !== 'info')
  return { stream: new Writable({ write }), lines }
}

/**
 * Returns the log entry of a guard for a slow statement whose operator looks like a placeholder for an argument.
 */
async function slowLine(logger: Logger, lines: () => Line[]): Promise<Line> {
  const observe = { ...observed, verySlowQueryMillis: Infinity }
  await watch(
    server,
    observe,
    async ({ pool }) => void (await pool.query(`${sleep}, 7%s.i AS s FROM (SELECT 2 AS i) s`)),
    {
      options: { logger },
    },
  )
  await until(() => expect(lines()).toHaveLength(1))
  return lines()[0] ?? expect.fail()
}

const told = {
  event: 'slowQuery',
  level: 'slow',
  statement: 'SELECT pg_sleep(?), ?%s.i AS s FROM (SELECT ? AS i) s',
  summary: expect.any(String) as string,
  fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
  place: expect.stringContaining('slow/loggers.test.ts') as string,
  pool: 'shop',
  rows: 1,
  unlogged: 0,
}

it('pino is given fields, then the message', async () => {
  const { stream, lines } = sink()
  const line = await slowLine(pino(stream), lines)
  expect(line).toMatchObject({
    level: pino.levels.values.warn,
    msg: expect.stringContaining('[poolsafe] slow query: '),
    poolsafe: told,
  })
})

it('a child of pino keeps its own fields', async () => {
  const { stream, lines } = sink()
  expect(await slowLine(pino(stream).child({ service: 'shop' }), lines)).toMatchObject({
    service: 'shop',
    poolsafe: told,
  })
})

it('winston is given the message, then fields', async () => {
  const { stream, lines } = sink()
  const logger = winston.createLogger({
    format: winston.format.json(),
    transports: [new winston.transports.Stream({ stream })],
  })
  const line = await slowLine(logger, lines)
  expect(line).toMatchObject({
    level: 'warn',
    message: expect.stringContaining('[poolsafe] slow query: '),
    poolsafe: told,
  })
})

it('winston with splat keeps the fields, whatever the statement looks like', async () => {
  const { stream, lines } = sink()
  const format = winston.format.combine(winston.format.splat(), winston.format.json())
  const line = await slowLine(
    winston.createLogger({ format, transports: [new winston.transports.Stream({ stream })] }),
    lines,
  )
  expect(line.poolsafe).toMatchObject(told)
  expect(line.message).toContain('?% s.i AS s')
})

it('any object with debug, info, warn and error is given the message, then fields', async () => {
  const calls: unknown[][] = []
  const note = (...args: unknown[]): void => void calls.push(args)
  const ignore = (): void => {}
  await slowLine({ debug: note, info: ignore, warn: note, error: note } as Logger, () =>
    calls.map(() => ({ level: 'warn' })),
  )
  expect(calls).toEqual([
    [expect.stringContaining('slow query'), { poolsafe: expect.objectContaining(told) as object }],
  ])
})

it('a logger with warn alone gets the message alone', async () => {
  const calls: unknown[][] = []
  await slowLine({ warn: (...args: unknown[]) => void calls.push(args) }, () => calls.map(() => ({ level: 'warn' })))
  expect(calls).toEqual([[expect.stringContaining('slow query')]])
})

/** The lines that the console is given. */
async function onConsole(isTerminal: boolean): Promise<string[]> {
  const calls: unknown[][] = []
  const warn = vi.spyOn(console, 'warn').mockImplementation((...args: unknown[]) => void calls.push(args))
  const before = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY')
  Object.defineProperty(process.stderr, 'isTTY', { value: isTerminal, configurable: true })
  try {
    await slowLine(console, () => calls.map(() => ({ level: 'warn' })))
  } finally {
    warn.mockRestore()
    if (before === undefined) Reflect.deleteProperty(process.stderr, 'isTTY')
    else Object.defineProperty(process.stderr, 'isTTY', before)
  }
  expect(calls).toHaveLength(1)
  expect(calls[0]).toHaveLength(1)
  return stripVTControlCharacters(String(calls[0]?.[0])).split('\n')
}

it('the console gets a single line if it is not a terminal', async () => {
  const lines = await onConsole(false)
  expect(lines).toEqual([
    expect.stringMatching(/^\[poolsafe\] slow query: SELECT by pg took .* fingerprint [0-9a-f]{16}: SELECT pg_sleep/),
  ])
})

it('the console is given rows for people at a terminal', async () => {
  const lines = await onConsole(true)
  expect(lines[0]).toMatch(/^\[poolsafe\] slow query: SELECT by pg took \S+ m?s$/)
  expect(lines.slice(1).map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
    'spent',
    'statement',
    'by',
    'with',
    'like it',
  ])
})

it('findings go the same way, with the ids of their rules', async () => {
  const { stream, lines } = sink()
  const guard = createGuard({ logger: pino(stream) })
  engineOf(guard).refuse(
    "SET app.token = 'planted'",
    engineOf(guard).analyze("SET app.token = 'planted'"),
    { pinned: true },
    slowLine,
  )
  const fields = { event: 'finding', rules: ['session/set'], statement: 'SET app.token = ?' }
  expect(lines()).toMatchObject([
    { level: pino.levels.values.warn, msg: expect.stringContaining('(session/set)\n'), poolsafe: fields },
  ])
  expect(JSON.stringify(lines())).not.toContain('planted')
})
