import type pg from 'pg'
import { isError, wholeAnswer } from '../support/session/answer.ts'
import { lookAt, type Facts } from './facts.ts'
import type { Subject } from './subjects.ts'
import { connect, type Target } from './target.ts'

/**
 * The observation:
 *
 * - `leaks`: a second client has the state
 * - `lost`: the owner is on another server connection, and what it left is seen by a second client
 * - `wiped`: the owner no longer has it, and no other client does
 * - `rejected`: an error that the server itself does not give
 * - `refused`: PostgreSQL itself refuses it, whatever the session
 * - `ineffective`: it did nothing, as outside a transaction on any server
 * - `unsaid`: a second client has the state, and nothing says that the guard's profile is wrong
 * - `none`: no harm
 */
export type Seen = 'leaks' | 'lost' | 'wiped' | 'rejected' | 'refused' | 'ineffective' | 'unsaid' | 'none'

/** The observations of a client that has the server to itself. */
export interface Reference {
  /** The state that it held because of earlier statements, and because of this one. */
  readonly prepared: Facts
  readonly left: Facts
  readonly answer: string
  /** The answer to the rule's question if there is harm. */
  readonly harmful?: Facts
}

/** Runs a subject where nothing comes between: what it is meant to do. */
export async function refer(target: Target, subject: Subject): Promise<Reference> {
  const { text, given, user } = subject
  const client = await connect(target, user)
  try {
    const fresh = await lookAt(client, subject)
    const isWithin = given.does === 'ineffective'
    if (isWithin) await client.query('BEGIN')
    for (const sql of given.before ?? []) await client.query(sql)
    const prepared = isWithin ? fresh : await lookAt(client, subject)
    const answer = await wholeAnswer(client, text, given.values)
    // A text that began a transaction and failed in it left it open.
    if (isError(answer) && !isWithin) await client.query('ROLLBACK')
    const after = isWithin && isError(answer) ? new Set<string>() : await lookAt(client, subject)
    return { prepared: prepared.difference(fresh), left: after.difference(prepared), answer }
  } finally {
    await client.end()
  }
}

/** The clients. There are two server connections: if the holder is on one, everybody else is on the other. */
interface Cast {
  readonly owner: pg.Client
  readonly stranger: pg.Client
  readonly holder: pg.Client
}

/** Runs a subject while a second client looks, and moves its owner to another server connection. */
export async function perform(target: Target, subject: Subject, reference: Reference): Promise<Seen> {
  if (isError(reference.answer)) return 'refused'
  const clients = await Promise.all([1, 2, 3].map(() => connect(target, subject.user)))
  const [owner, stranger, holder] = clients as [pg.Client, pg.Client, pg.Client]
  try {
    await hold(holder)
    const scene = subject.isSafe ? remedies : scenes[subject.given.does ?? 'leaves']
    return await scene({ owner, stranger, holder }, subject, reference)
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

type Scene = (cast: Cast, subject: Subject, reference: Reference) => Promise<Seen>

const scenes: Readonly<Record<'leaves' | 'needs' | 'clears' | 'ineffective', Scene>> = {
  async leaves(cast, subject, { left }) {
    const base = await lookAt(cast.stranger, subject)
    await prepare(cast.owner, subject)
    const answered = await wholeAnswer(cast.owner, subject.text, subject.given.values)
    if (isError(answered)) return 'rejected'
    await hold(cast.stranger)
    const seen = await lookAt(cast.stranger, subject)
    await cast.holder.query('COMMIT')
    if (isShared(left, seen.difference(base))) return 'leaks'
    return left.isSubsetOf(await lookAt(cast.owner, subject)) ? 'none' : 'wiped'
  },

  async needs(cast, subject, { prepared, answer }) {
    const base = await lookAt(cast.stranger, subject)
    await prepare(cast.owner, subject)
    await hold(cast.stranger)
    const seen = await lookAt(cast.stranger, subject)
    await cast.holder.query('COMMIT')
    if ((await wholeAnswer(cast.owner, subject.text, subject.given.values)) === answer) return 'none'
    return isShared(prepared, seen.difference(base)) ? 'lost' : 'wiped'
  },

  async clears(cast, subject, { prepared }) {
    const base = await lookAt(cast.stranger, subject)
    await prepare(cast.owner, subject)
    await hold(cast.stranger)
    await cast.holder.query('COMMIT')
    const had = await lookAt(cast.owner, subject)
    await wholeAnswer(cast.owner, subject.text, subject.given.values)
    const seen = await lookAt(cast.stranger, subject)
    if (isShared(prepared, seen.difference(base))) return 'lost'
    if (!isShared(prepared, had)) return 'wiped'
    return isShared(prepared, await lookAt(cast.owner, subject)) ? 'lost' : 'none'
  },

  async ineffective({ owner }, subject, { left, answer }) {
    await prepare(owner, subject)
    const answered = await wholeAnswer(owner, subject.text, subject.given.values)
    const after = await lookAt(owner, subject)
    return answered === answer && left.isSubsetOf(after) ? 'none' : 'ineffective'
  },
}

/** No client sees anything new on either server connection, and the answer is that of a direct connection. */
async function remedies(cast: Cast, subject: Subject, { harmful }: Reference): Promise<Seen> {
  const { owner, stranger, holder } = cast
  const asked = { ...subject, given: { ...subject.given, ...(subject.asks !== undefined && { look: subject.asks }) } }
  await prepare(owner, subject)
  const [own, base] = [await lookAt(owner, subject), await lookAt(stranger, subject)]
  const answered = await wholeAnswer(owner, subject.text, subject.given.values)
  if (isError(answered)) return 'rejected'
  await hold(stranger)
  const seen = await lookAt(stranger, subject)
  const told = harmful === undefined ? new Set<string>() : await lookAt(stranger, asked)
  await holder.query('COMMIT')
  if (!seen.isSubsetOf(base) || (harmful !== undefined && isShared(harmful, told))) return 'leaks'
  return (await lookAt(owner, subject)).isSubsetOf(own) ? 'none' : 'lost'
}

/** Odyssey answers BEGIN itself, and takes a server connection for what follows it. */
export async function hold(client: pg.Client): Promise<void> {
  await client.query('BEGIN')
  await client.query('SELECT 1')
}

async function prepare(owner: pg.Client, { given }: Subject): Promise<void> {
  for (const sql of given.before ?? []) await owner.query(sql)
}

function isShared(facts: Facts, others: Facts): boolean {
  return !facts.isDisjointFrom(others)
}
