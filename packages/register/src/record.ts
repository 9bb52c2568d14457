import { subscribe } from 'node:diagnostics_channel'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import type { Guard, GuardEvents, RuleId } from '@poolsafe/core'
import { watchStarted, type StartedRecord } from './started.ts'

/** The record of one process or worker thread, for `poolsafe run`. Plain data. */
export interface ProcessRecord {
  readonly pid: number
  /** 0 for the main thread. */
  readonly threadId: number
  /** The script, or what Node was started with. */
  readonly script: string
  /** The statements that were sent to PostgreSQL. */
  readonly statements: number
  readonly findings: readonly FindingRecord[]
  readonly slow: readonly StatementRecord[]
  readonly repeated: readonly StatementRecord[]
  /** The calls that waited for a connection of a pool for 100 ms or longer. */
  readonly waits: { readonly count: number; readonly longestMillis: number }
  /** Calls without a connection, deadlocks, leaks and lost connections. */
  readonly problems: readonly ProblemRecord[]
  /** The places that open connections without a guard. */
  readonly unreached: readonly string[]
  /** Its worker threads and Node processes. */
  readonly started: readonly StartedRecord[]
}

/** The findings of one rule in one statement at one place. */
export interface FindingRecord {
  readonly rule: RuleId
  readonly message: string
  readonly instead: string
  /** Without literals. The message, for a call without a statement, such as a login. */
  readonly statement: string
  /** The ORM's name for the call, such as `User.find`. */
  readonly operation: string | undefined
  readonly place: string | undefined
  readonly count: number
}

/** A statement that was slow, or repeated within a request. */
export interface StatementRecord {
  readonly statement: string
  readonly operation: string | undefined
  readonly place: string | undefined
  readonly count: number
  /** The longest duration of a slow statement; the total of the repetitions, for a repeated one. */
  readonly millis: number
}

export interface ProblemRecord {
  readonly kind: 'timeout' | 'deadlock' | 'leak' | 'connectionLost'
  readonly message: string
  readonly count: number
}

/** Shorter waits are mostly the opening of a connection. */
const shortestWaitMillis = 100

/** How often the counts are written. Test runners end their workers without notice. */
const intervalMillis = 200
/** So many new entries are written at once, later ones at the next interval. */
const writtenAtOnce = 200
/** When the counts are written again after a new entry, whose statement is then sent. */
const soonMillis = 20

/** Returns the recorder of places that are not reached. It writes to a file of its own for each process and thread. */
export function recordProcess(guard: Guard, folder: string): (place: string) => void {
  const recorder = new Recorder(guard, () => {
    write()
    setTimeout(write, soonMillis).unref()
  })
  const file = join(folder, `${process.pid}-${threadId}.json`)
  mkdirSync(folder, { recursive: true })
  let written = ''
  function write(): void {
    try {
      const text = JSON.stringify(recorder.record())
      if (text === written) return
      // No reader may see half a file.
      writeFileSync(`${file}.part`, text)
      renameSync(`${file}.part`, file)
      written = text
    } catch {
      // The folder is gone, or the disk is full. The application must not notice.
    }
  }
  write()
  setInterval(write, intervalMillis).unref()
  process.on('exit', write)
  watchStarted((started) => {
    recorder.started.push(started)
    write()
  })
  return (place) => {
    recorder.unreached.push(place)
    write()
  }
}

class Recorder {
  readonly unreached: string[] = []
  readonly started: StartedRecord[] = []
  readonly #guard: Guard
  readonly #findings: Tally<Omit<FindingRecord, 'count'>>
  readonly #slow: Tally<Omit<StatementRecord, 'count'>>
  readonly #repeated: Tally<Omit<StatementRecord, 'count'>>
  readonly #problems: Tally<Omit<ProblemRecord, 'count'>>
  #waits = 0
  #longestMillis = 0

  /** @param added called when there is something new */
  constructor(guard: Guard, added: () => void) {
    this.#guard = guard
    this.#findings = new Tally(added)
    this.#slow = new Tally(added)
    this.#repeated = new Tally(added)
    this.#problems = new Tally(added)
    hear('finding', ({ findings, statement, operation, place }) => {
      for (const { rule, message, instead } of findings) {
        // A call without a statement has a message of its own.
        const text = statement || message
        const entry = { rule, message, instead, statement: text, operation, place }
        this.#findings.add([rule, text, operation ?? '', place ?? ''], entry)
      }
    })
    hear('slowQuery', ({ fingerprint, statement, operation, place, durationMillis }) =>
      this.#slow.add([fingerprint], { statement, operation, place, millis: durationMillis }, longer),
    )
    hear('repeatedQuery', ({ fingerprint, statement, operation, place, totalMillis }) =>
      this.#repeated.add(
        [fingerprint, operation ?? '', place ?? ''],
        { statement, operation, place, millis: totalMillis },
        longer,
      ),
    )
    hear('acquire', ({ waitedMillis }) => this.#waited(waitedMillis))
    hear('timeout', ({ error }) => this.#problem('timeout', error.message))
    hear('deadlock', ({ error }) => this.#problem('deadlock', error.message))
    hear('leak', ({ message }) => this.#problem('leak', message))
    hear('connectionLost', ({ error }) => this.#problem('connectionLost', error.message))
  }

  record(): ProcessRecord {
    return {
      pid: process.pid,
      threadId,
      script: process.argv[1] ?? process.execArgv.join(' '),
      statements: this.#guard.stats().totalQueries,
      findings: this.#findings.entries(),
      slow: this.#slow.entries(),
      repeated: this.#repeated.entries(),
      waits: { count: this.#waits, longestMillis: this.#longestMillis },
      problems: this.#problems.entries(),
      unreached: this.unreached,
      started: this.started,
    }
  }

  #waited(millis: number): void {
    if (millis < shortestWaitMillis) return
    this.#waits += 1
    this.#longestMillis = Math.max(this.#longestMillis, millis)
  }

  /** Numbers in a message differ each time; the first line without them says which problem it is. */
  #problem(kind: ProblemRecord['kind'], message: string): void {
    const [line = ''] = message.split('\n')
    this.#problems.add([kind, line.replaceAll(/\d+(?:\.\d+)?/g, '#')], { kind, message: line })
  }
}

/** Listens to all guards of the process, those of the application too. */
function hear<Name extends keyof GuardEvents>(name: Name, listener: (event: GuardEvents[Name]) => void): void {
  subscribe(`poolsafe:${name}`, (event) => {
    try {
      listener(event as GuardEvents[Name])
    } catch {
      // Node would take it for an uncaught exception of the application.
    }
  })
}

/** Most entries of one kind that a process keeps, so that a long run needs no more memory. */
const mostEntries = 1000

/** Counts what comes again. */
class Tally<Entry extends object> {
  readonly #entries = new Map<string, { entry: Entry; count: number }>()
  readonly #added: () => void

  constructor(added: () => void) {
    this.#added = added
  }

  add(key: readonly string[], entry: Entry, merge: (one: Entry, other: Entry) => Entry = (one) => one): void {
    const id = key.join('\0')
    const known = this.#entries.get(id)
    if (known !== undefined) {
      known.count += 1
      known.entry = merge(known.entry, entry)
    } else if (this.#entries.size < mostEntries) {
      this.#entries.set(id, { entry, count: 1 })
      if (this.#entries.size <= writtenAtOnce) this.#added()
    }
  }

  entries(): (Entry & { readonly count: number })[] {
    return Array.from(this.#entries.values(), ({ entry, count }) => ({ ...entry, count }))
  }
}

function longer<Entry extends { readonly millis: number }>(one: Entry, other: Entry): Entry {
  return other.millis > one.millis ? other : one
}
