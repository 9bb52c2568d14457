import { Random } from '../random.ts'
import { leaving } from './leaving.ts'
import type { Form, MadeStatement, MadeTransaction, SentText, Way } from './transaction.ts'
import { undoing } from './undoing.ts'
import { Theme } from './words.ts'

const forms: readonly Form[] = [
  'pg',
  'pg',
  'pipelined pg',
  'pipelined pg',
  'Kysely',
  'Kysely',
  'Kysely transaction',
  'Prisma',
]

/** Statements that fail at different times: in the parser, in the analysis, in the execution, or at the COMMIT. */
const failing = [
  'SELECT 1 / 0',
  'INSERT INTO perm VALUES (1)',
  'SELEC 1',
  'SELECT * FROM missing',
  'SELECT 1 / (id - 1) FROM perm',
  'INSERT INTO later VALUES (1)',
  "SELECT 'x'::int",
  'DEALLOCATE missing',
  'CLOSE missing',
  'RELEASE missing',
  'VACUUM perm',
]

const plain = [
  'SELECT 1',
  "UPDATE perm SET item = 'x' WHERE id = 2",
  'SELECT * FROM perm',
  'SELECT count(*) FROM perm',
  'SELECT now()',
]

const ends = ['COMMIT', 'COMMIT', 'COMMIT', 'COMMIT', 'COMMIT', 'END', 'END', 'ROLLBACK', 'ROLLBACK', 'ABORT']
const ways: readonly Way[] = ['unread', 'unread', 'read', 'dropped']
const chained = ['COMMIT AND CHAIN', 'ROLLBACK AND CHAIN']

/** Generates a transaction. The same seed and index generate the same one. */
export function generate(seed: number, index: number): MadeTransaction {
  const random = new Random(seed, index)
  const form = random.pick(forms)
  const isOwn = form === 'Prisma' || form === 'Kysely transaction'
  const theme = new Theme(random)
  const statements = body(random, theme, isOwn)
  const all = isOwn ? statements : [...opened(random), ...statements, ...closed(random, theme)]
  const texts = grouped(random, form === 'pg' ? all.map((each) => inSomeWay(random, each)) : all)
  return { form, texts, commits: random.chance(0.8) }
}

/** A few statements are sent as a cursor, or with a `query_timeout`. A cursor has one statement. */
function inSomeWay(random: Random, made: MadeStatement): MadeStatement {
  if (made.isNeverSent === true || made.sql.includes(';') || !random.chance(0.06)) return made
  return { ...made, way: random.pick(ways) }
}

/** Nearly always a BEGIN. Several statements in one text are a transaction without it. */
function opened(random: Random): MadeStatement[] {
  return random.chance(0.9)
    ? [{ sql: random.pick(['BEGIN', 'BEGIN', 'START TRANSACTION', 'BEGIN ISOLATION LEVEL SERIALIZABLE']) }]
    : []
}

function closed(random: Random, theme: Theme): MadeStatement[] {
  const end = { sql: random.pick(ends) }
  return random.chance(0.98) ? [end] : [{ sql: random.pick(chained) }, ...body(random, theme, false).slice(0, 2), end]
}

/** Half of the transactions are simple: they leave something, perhaps take it back, and rarely fail. */
function body(random: Random, theme: Theme, isOwn: boolean): MadeStatement[] {
  const wild = (): MadeStatement => statement(random, theme, isOwn)
  if (random.chance(0.5)) return Array.from({ length: 2 + random.below(6) }, wild)
  const first = savepointBefore(random, theme)
  const between = random.chance(0.4) ? [wild()] : []
  const last = random.chance(0.3) ? [wild()] : []
  return [...first, leaving(random, theme), ...between, undoing(random, theme), ...last]
}

function savepointBefore(random: Random, theme: Theme): MadeStatement[] {
  return random.chance(0.3) ? [{ sql: `SAVEPOINT ${theme.name}` }] : []
}

function statement(random: Random, theme: Theme, isOwn: boolean): MadeStatement {
  const part = random.below(100)
  if (part < 32) return leaving(random, theme)
  if (part < 58) return undoing(random, theme)
  if (part < 78) return savepoint(random, theme)
  if (part < 90) return { sql: random.pick(failing) }
  if (part < 91) return neverSent(random, theme)
  // An application does not end a transaction that its ORM has opened.
  if (part < 93 && !isOwn) return { sql: random.pick(['COMMIT', 'ROLLBACK', 'BEGIN']) }
  return { sql: random.pick(plain) }
}

/** A statement that would end the transaction or take something back, if the driver sent it. */
function neverSent(random: Random, theme: Theme): MadeStatement {
  const { sql } = random.chance(0.5)
    ? undoing(random, theme)
    : { sql: random.pick(['ROLLBACK', 'COMMIT', `ROLLBACK TO ${theme.name}`]) }
  return { sql, isNeverSent: true }
}

function savepoint(random: Random, theme: Theme): MadeStatement {
  const of = theme.name
  const part = random.below(10)
  if (part < 4) return { sql: `SAVEPOINT ${of}` }
  if (part < 8) return { sql: random.pick([`ROLLBACK TO ${of}`, `ROLLBACK TO SAVEPOINT ${of}`]) }
  return { sql: random.pick([`RELEASE ${of}`, `RELEASE SAVEPOINT ${of}`]) }
}

/** Joins some neighbours into one text. A text with parameters has one statement. */
function grouped(random: Random, statements: readonly MadeStatement[]): SentText[] {
  const isBatched = random.chance(0.4)
  const texts: MadeStatement[][] = []
  for (const each of statements) {
    const last = texts.at(-1)
    const joins = isBatched && isPlain(last?.at(-1)) && isPlain(each) && random.chance(0.5)
    if (joins && last !== undefined) last.push(each)
    else texts.push([each])
  }
  return texts
}

function isPlain(of: MadeStatement | undefined): boolean {
  return of?.values === undefined && of?.isNeverSent !== true && of?.way === undefined
}
