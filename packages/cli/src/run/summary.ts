import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuleId } from '@poolsafe/core'
import { counted } from '@poolsafe/core/internal'
import type { FindingRecord, ProblemRecord, ProcessRecord, StatementRecord } from '@poolsafe/register/guard'

/** The sum of what all processes of a command did. Plain data: the JSON format prints it unchanged. */
export interface Summary {
  /** All Node processes and worker threads below the command. */
  readonly processes: readonly ProcessSummary[]
  readonly statements: number
  /** By rule, most frequent first. */
  readonly findings: readonly RuleSummary[]
  readonly slow: readonly StatementRecord[]
  readonly repeated: readonly StatementRecord[]
  readonly waits: ProcessRecord['waits']
  readonly problems: readonly ProblemRecord[]
  /** The places that opened connections without a guard, and those that started a process or thread without one. */
  readonly unreached: readonly string[]
}

export interface ProcessSummary extends Pick<ProcessRecord, 'pid' | 'threadId' | 'script' | 'statements'> {
  readonly usesPostgres: boolean
}

/** The findings of one rule. */
export interface RuleSummary {
  readonly rule: RuleId
  readonly message: string
  readonly instead: string
  readonly count: number
  /** In the order in which they came. */
  readonly places: readonly Pick<FindingRecord, 'statement' | 'operation' | 'place' | 'count'>[]
}

/** Reads the records that the processes have left in a folder. */
export function readRecords(folder: string): ProcessRecord[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessRecord)
    .toSorted((one, other) => one.pid - other.pid || one.threadId - other.threadId)
}

/** Adds up the records of all processes. */
export function summarise(records: readonly ProcessRecord[]): Summary {
  return {
    processes: records.map(toProcess),
    statements: sum(records.map(({ statements }) => statements)),
    findings: rulesOf(records.flatMap(({ findings }) => findings)),
    slow: merge(
      records.flatMap(({ slow }) => slow),
      ({ statement }) => statement,
    ),
    repeated: merge(
      records.flatMap(({ repeated }) => repeated),
      (each) => `${each.statement}\0${byOf(each)}`,
    ),
    waits: {
      count: sum(records.map(({ waits }) => waits.count)),
      longestMillis: Math.max(0, ...records.map(({ waits }) => waits.longestMillis)),
    },
    problems: merge(
      records.flatMap(({ problems }) => problems),
      ({ kind, message }) => `${kind}\0${message}`,
    ),
    unreached: [...new Set([...records.flatMap(({ unreached }) => unreached), ...unguarded(records)])],
  }
}

/** Worker threads and processes without a record: their environment lacks the variables of `poolsafe run`. */
function unguarded(records: readonly ProcessRecord[]): string[] {
  const keyOf = ({ pid, threadId }: Pick<ProcessRecord, 'pid' | 'threadId'>): string => `${pid}-${threadId}`
  const guarded = new Set(records.map(keyOf))
  return records.flatMap(({ started, script }) =>
    started
      .filter((each) => !guarded.has(keyOf(each)))
      .map(({ threadId, place = script }) => {
        const what = threadId === 0 ? 'a Node process' : 'a worker thread'
        return `${place} starts ${what} without NODE_OPTIONS in its environment`
      }),
  )
}

function toProcess({ pid, threadId, script, statements, findings, unreached }: ProcessRecord): ProcessSummary {
  const usesPostgres = statements > 0 || findings.length > 0 || unreached.length > 0
  return { pid, threadId, script, statements, usesPostgres }
}

function rulesOf(findings: readonly FindingRecord[]): RuleSummary[] {
  return Array.from(
    groupBy(findings, ({ rule }) => rule),
    ([rule, found]) => {
      const places = merge(found, (each) => `${each.statement}\0${byOf(each)}`)
      return {
        rule,
        message: found[0]?.message ?? '',
        instead: found[0]?.instead ?? '',
        count: sum(places.map(({ count }) => count)),
        places: places.map(({ statement, operation, place, count }) => ({ statement, operation, place, count })),
      }
    },
  ).toSorted((one, other) => other.count - one.count)
}

/** Adds up the counts of equal entries, and keeps the longest duration of a statement. */
function merge<Entry extends { readonly count: number; readonly millis?: number }>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => string,
): Entry[] {
  return Array.from(groupBy(entries, keyOf).values(), (same) => {
    const longest = same.toSorted((one, other) => (other.millis ?? 0) - (one.millis ?? 0))[0] as Entry
    return { ...longest, count: sum(same.map(({ count }) => count)) }
  })
}

function groupBy<Entry, Key>(entries: readonly Entry[], keyOf: (entry: Entry) => Key): Map<Key, Entry[]> {
  const groups = new Map<Key, Entry[]>()
  for (const entry of entries) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry])
  return groups
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}

/** Returns the sender of a statement: `User.find at src/users.ts:12:5`, or the known part of it. */
export function byOf({ operation, place }: Pick<FindingRecord, 'operation' | 'place'>): string {
  return [operation, place].filter((part) => part !== undefined).join(' at ')
}

/** Returns what was found, in one sentence: `5 findings in 8 statements of 1 process`. */
export function sentenceOf({ findings, processes, statements }: Summary): string {
  const found = sum(findings.map(({ count }) => count))
  const active = processes.filter(({ usesPostgres }) => usesPostgres).length
  const where = `${counted(statements, 'statement')} of ${counted(active, 'process')}`
  const all = processes.length === active ? '' : `, ${processes.length} watched`
  return `${found === 0 ? 'no findings' : counted(found, 'finding')} in ${where}${all}`
}
