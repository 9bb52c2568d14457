import type { Session } from './inspect.ts'
import { restore } from './stage.ts'
import {
  isClosedByForm,
  sqlOf,
  type Kind,
  type MadeStatement,
  type MadeTransaction,
  type SentText,
} from './transaction.ts'

/**
 * Returns true if a finding is right. A finding comes before its text is sent. It is right if the state stays when no
 * statement fails from there on. For state that survives a rollback, it is also right if the state stays when any
 * statement fails.
 */
export async function mightStay(replay: Replay, speaksOf: readonly Kind[]): Promise<boolean> {
  const holds = (dirty: ReadonlySet<Kind>): boolean => speaksOf.some((kind) => dirty.has(kind))
  if (holds(await replay.rightAfter()) || holds(await replay.withoutFailures())) return true
  if (!speaksOf.some((kind) => kind === 'lock' || kind === 'prepared')) return false
  for (let count = replay.statements; count > 0; count--) if (holds(await replay.first(count))) return true
  return false
}

/** Plays a transaction again, in the ways that the guard had to expect when a finding came. */
export class Replay {
  readonly #session: Session
  readonly #transaction: MadeTransaction
  readonly #at: number
  /** How many texts had an answer then. Pipelined texts are all sent before the first answer. */
  readonly #answered: number

  /** @param at the index of the text that caused the finding */
  constructor(session: Session, transaction: MadeTransaction, at: number) {
    this.#session = session
    this.#transaction = transaction
    this.#at = at
    this.#answered = transaction.form === 'pipelined pg' ? 0 : at
  }

  /** The number of statements up to the finding. */
  get statements(): number {
    return singleStatements(this.#transaction.texts.slice(0, this.#at + 1)).length
  }

  /**
   * Plays the texts up to the finding, without failures in the last one. Outside a transaction, the next text may run on
   * another connection.
   */
  async rightAfter(): Promise<ReadonlySet<Kind>> {
    const { form, texts } = this.#transaction
    if (isClosedByForm(form)) return new Set()
    for (const text of texts.slice(0, this.#at)) await this.#attempt(text)
    await this.#tryEach(texts[this.#at] ?? [])
    const dirty = (await this.#session.isInTransaction()) ? new Set<Kind>() : undefined
    const held = await this.#end()
    return dirty ?? held
  }

  /** Plays all texts. After the finding, a statement that fails is left out. */
  async withoutFailures(): Promise<ReadonlySet<Kind>> {
    const { form, texts, commits } = this.#transaction
    const isOwn = isClosedByForm(form)
    if (isOwn) await this.#session.query('BEGIN')
    // Before a COMMIT is sent, nothing shows that it will fail.
    for (const text of texts.slice(0, this.#answered))
      await this.#attempt(text.filter(({ sql }) => !/into later/i.test(sql)))
    for (const text of texts.slice(this.#answered)) await this.#tryEach(text)
    if (isOwn) await this.#session.attempt(commits ? 'COMMIT' : 'ROLLBACK')
    return this.#end()
  }

  /** Plays the first statements only, as if the next one had failed. */
  async first(count: number): Promise<ReadonlySet<Kind>> {
    const { texts } = this.#transaction
    const statements = singleStatements(texts.slice(0, this.#at + 1))
    const answered = singleStatements(texts.slice(0, this.#answered)).length
    for (const each of statements.slice(0, Math.min(count, answered))) await this.#attempt([each])
    for (const each of statements.slice(answered, count)) await this.#tryOne(each)
    return this.#end()
  }

  async #end(): Promise<ReadonlySet<Kind>> {
    const dirty = await this.#session.endAndClean()
    await restore(this.#session, this.#transaction)
    return dirty
  }

  /** @returns `true` if no statement has failed */
  async #attempt(text: SentText): Promise<boolean> {
    const [first] = text
    if (first === undefined || first.isNeverSent === true || isHardlySent(first)) return true
    return this.#session.attempt(sqlOf(text), first.values)
  }

  /** A statement that fails is left out. */
  async #tryEach(text: SentText): Promise<void> {
    const isImplicit = text.length > 1 && !(await this.#session.isInTransaction())
    if (isImplicit) await this.#session.query('BEGIN')
    for (const each of text) await this.#tryOne(each)
    if (isImplicit && (await this.#session.isInTransaction())) await this.#session.attempt('COMMIT')
  }

  async #tryOne(statement: MadeStatement): Promise<void> {
    const session = this.#session
    if (!(await session.isAlive())) {
      await this.#attempt([statement])
      return
    }
    await session.query('SAVEPOINT "before this"')
    // The driver refuses a statement after the guard has judged it.
    const isDone = await session.attempt(statement.sql, statement.values)
    // A deferred constraint fails now instead of at the COMMIT.
    const isChecked = control.test(statement.sql) || (await session.attempt('SET CONSTRAINTS ALL IMMEDIATE'))
    if (!(isDone && isChecked) && (await session.isInTransaction())) await session.attempt('ROLLBACK TO "before this"')
  }
}

/** The server runs none of these, or hardly ever. */
function isHardlySent({ way }: MadeStatement): boolean {
  return way === 'unread' || way === 'dropped'
}

function singleStatements(texts: readonly SentText[]): MadeStatement[] {
  return texts
    .flat()
    .flatMap((statement) => statement.sql.split(';\n').map((sql) => Object.assign({}, statement, { sql })))
}

const control = /^(savepoint|release|rollback|commit|begin|start|abort|end)\b/i
