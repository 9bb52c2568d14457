import type { FindingEvent, RuleId } from '@poolsafe/core'
import { openPlayers, type Player } from './forms.ts'
import type { Session } from './inspect.ts'
import { isClosedByForm, sqlOf, type Form, type Kind, type MadeTransaction, type SentText } from './transaction.ts'

/** The kinds of state that a finding of a rule speaks of. */
const kindsOfRule: { readonly [Id in RuleId]?: readonly Kind[] } = {
  'session/set': ['setting'],
  'session/set-config': ['setting', 'role'],
  'session/characteristics': ['setting'],
  'session/role': ['role'],
  'session/prepared-statement': ['prepared'],
  'session/listen': ['listen'],
  'session/temp-object': ['temporary'],
  'session/advisory-lock': ['lock'],
  'session/held-cursor': ['cursor'],
}

/** A finding of one rule. */
interface Report {
  readonly rule: RuleId
  /** It says that something is left behind. */
  readonly leaks: boolean
  /** The text with which it came; past the last one: the end of the transaction. */
  readonly at: number
}

/** What came of one transaction. */
export interface Verdict {
  /** The session holds it, and no finding says so. */
  readonly missed: readonly Kind[]
  /** A finding says so, and the session does not hold it, nor would it if a statement before had failed. */
  readonly falseAlarms: readonly RuleId[]
  /** What the session holds. */
  readonly dirty: readonly Kind[]
  readonly isReported: boolean
}

/** Plays transactions on a live server, one connection for each form. */
export class Trial {
  readonly #players: ReadonlyMap<Form, Player>

  private constructor(players: ReadonlyMap<Form, Player>) {
    this.#players = players
  }

  static async open(url: string): Promise<Trial> {
    return new Trial(await openPlayers(url))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#players.values()].map((player) => player.close()))
  }

  /** @param isExamined whether its findings are examined for false alarms */
  async judge(transaction: MadeTransaction, isExamined: boolean): Promise<Verdict> {
    const player = this.#players.get(transaction.form)
    if (player === undefined) throw new Error(`There is no form ${transaction.form}.`)
    const { session } = player
    const reports = await reportsOf(player, transaction)
    const dirty = await session.endAndClean()
    const missed = [...dirty].filter((kind) => !reports.some(({ rule }) => kindsOfRule[rule]?.includes(kind)))
    const falseAlarms: RuleId[] = []
    for (const { rule, at, leaks } of isExamined ? reports : []) {
      const speaksOf = kindsOfRule[rule] ?? []
      if (!leaks || speaksOf.length === 0 || speaksOf.some((kind) => dirty.has(kind)) || falseAlarms.includes(rule))
        continue
      if (!(await mightStay(session, transaction, at, speaksOf))) falseAlarms.push(rule)
    }
    if (mayChangeDatabase(transaction)) await session.query(restore)
    return { missed, falseAlarms, dirty: [...dirty], isReported: reports.length > 0 }
  }
}

async function reportsOf(player: Player, transaction: MadeTransaction): Promise<Report[]> {
  const reports: Report[] = []
  let at = 0
  const stop = player.guard.on('finding', ({ findings }: FindingEvent) => {
    for (const { rule, outcome } of findings) reports.push({ rule, at, leaks: outcome === 'leaks' })
  })
  await player.play(transaction, (index) => (at = index))
  stop()
  return reports
}

/**
 * A finding comes before its text is sent. It is right if the state stayed in case that nothing fails from there on;
 * and, where a rollback does not take the state back, in case that any statement fails.
 */
async function mightStay(
  session: Session,
  transaction: MadeTransaction,
  at: number,
  speaksOf: readonly Kind[],
): Promise<boolean> {
  const holds = (dirty: ReadonlySet<Kind>): boolean => speaksOf.some((kind) => dirty.has(kind))
  if (holds(await rightAfter(session, transaction, at)) || holds(await withoutFailures(session, transaction, at)))
    return true
  if (!speaksOf.some((kind) => kind === 'lock' || kind === 'prepared')) return false
  const known = answeredBefore(transaction, at)
  const statements = transaction.texts.slice(0, at + 1).flat()
  const unanswered = transaction.texts.slice(0, known).flat().length
  for (let count = statements.length; count > 0; count--) {
    for (const { sql, values } of statements.slice(0, Math.min(count, unanswered))) await session.attempt(sql, values)
    for (const { sql, values } of statements.slice(unanswered, count)) await tryOne(session, sql, values)
    if (holds(await session.endAndClean())) return true
  }
  return false
}

/**
 * Outside a transaction the text may leave it on another connection than the next one finds, in case that nothing in it
 * fails.
 */
async function rightAfter(session: Session, { form, texts }: MadeTransaction, at: number): Promise<Set<Kind>> {
  if (isClosedByForm(form)) return new Set()
  for (const text of texts.slice(0, at)) await session.attempt(sqlOf(text), text[0]?.values)
  await tryEach(session, texts[at] ?? [])
  return (await session.isInTransaction()) ? (await session.endAndClean(), new Set()) : session.endAndClean()
}

/** How many texts were answered when a finding came. Pipelined texts are all sent before the first answer. */
function answeredBefore({ form }: MadeTransaction, at: number): number {
  return form === 'pipelined pg' ? 0 : at
}

async function withoutFailures(session: Session, transaction: MadeTransaction, at: number): Promise<Set<Kind>> {
  const { form, texts, commits } = transaction
  const known = answeredBefore(transaction, at)
  const isOwn = isClosedByForm(form)
  if (isOwn) await session.query('BEGIN')
  // Before a COMMIT is sent, nothing shows that it will fail.
  for (const text of texts.slice(0, known)) {
    const passed = text.filter(({ sql }) => !/into later/i.test(sql))
    if (passed.length > 0) await session.attempt(sqlOf(passed), text[0]?.values)
  }
  for (const text of texts.slice(known)) await tryEach(session, text)
  if (isOwn) await session.attempt(commits ? 'COMMIT' : 'ROLLBACK')
  return session.endAndClean()
}

/** What fails leaves the transaction as it was. */
async function tryEach(session: Session, text: SentText): Promise<void> {
  const isImplicit = text.length > 1 && !(await session.isInTransaction())
  if (isImplicit) await session.query('BEGIN')
  for (const { sql, values } of text) await tryOne(session, sql, values)
  if (isImplicit && (await session.isInTransaction())) await session.attempt('COMMIT')
}

const control = /^(savepoint|release|rollback|commit|begin|start|abort|end)\b/i

async function tryOne(session: Session, sql: string, values: readonly unknown[] | undefined): Promise<void> {
  if (!(await session.isAlive())) {
    await session.attempt(sql, values)
    return
  }
  await session.query('SAVEPOINT "before this"')
  const isDone = await session.attempt(sql, values)
  // What is deferred to the COMMIT fails now.
  const isChecked = control.test(sql) || (await session.attempt('SET CONSTRAINTS ALL IMMEDIATE'))
  if (!(isDone && isChecked) && (await session.isInTransaction())) await session.attempt('ROLLBACK TO "before this"')
}

function mayChangeDatabase({ texts }: MadeTransaction): boolean {
  return texts.some((text) => /create table (?!pg_temp)|\binto temp/i.test(sqlOf(text)))
}

const ours =
  "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('perm', 'later')"

/** A CREATE TABLE that was not temporary. */
const restore = `DO $$ DECLARE made name; BEGIN
  FOR made IN ${ours} LOOP EXECUTE format('DROP TABLE public.%I', made); END LOOP;
END $$`

/** What the statements use: of the server, and of each database. */
export const roles = 'CREATE ROLE app SUPERUSER; CREATE ROLE admin SUPERUSER'
export const stage = [
  'CREATE TABLE perm (id int PRIMARY KEY, item text)',
  "INSERT INTO perm VALUES (1, 'one'), (2, 'two')",
  'CREATE TABLE later (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)',
  'INSERT INTO later VALUES (1)',
].join(';')
