const parameters = 1000
const columns = 3

/** Room for the longest text: a buffer for each would be garbage outside the heap, which the RSS shows for long. */
const room = Buffer.alloc(1_000_000)

/**
 * Flat, as if it had come from a query builder's last step: V8 keeps a concatenation as a tree until it is read.
 */
function flat(text: string): string {
  return room.toString('latin1', 0, room.write(text, 'latin1'))
}

/** `$1,$2,…` and where each number ends. */
const list = Array.from({ length: parameters }, (_, index) => `$${index + 1}`).join()
const ends = [...list.matchAll(/\$\d+/g)].map(({ index, 0: text }) => index + text.length)
const rows = Array.from({ length: Math.floor(parameters / columns) }, (_, row) => {
  return `(${Array.from({ length: columns }, (_each, column) => `$${row * columns + column + 1}`).join()})`
})

/** As many parameters as PostgreSQL takes, in rows of five. */
const full = Array.from(
  { length: 13_107 },
  (_, row) => `($${[1, 2, 3, 4, 5].map((column) => row * 5 + column).join(', $')})`,
).join(', ')

/** The statement before anything in it varies: the scan decides the first, the parser the second. */
const bases = {
  harmless: {
    select: 'SELECT "User"."id", "User"."email", "User"."name" FROM "User" WHERE "User"."org" = $1',
    insert: 'INSERT INTO "User" ("email", "name", "org") VALUES',
  },
  doubtful: {
    select: 'SELECT set_config(\'app.org\', $1, true), "User"."id", "User"."email" FROM "User"',
    insert: 'INSERT INTO "readings" ("temp", "load", "org") VALUES',
  },
} as const

/** The part that decides about a text at its first sight. */
export type Decider = keyof typeof bases

/** Statements that an application sends again and again, and the part that differs each time. */
export const variants: Readonly<Record<string, (decider: Decider, index: number) => string>> = {
  'the same text': (decider) => flat(bases[decider].select),
  'a trace id at the end': (decider, index) => flat(`${bases[decider].select} /*${trace(index)}*/`),
  'a trace id at the start': (decider, index) => flat(`/*${trace(index)}*/ ${bases[decider].select}`),
  'a number in a line comment': (decider, index) => flat(`-- id ${index}\n${bases[decider].select}`),
  'IN lists of 1 to 1,000': (decider, index) =>
    flat(`${bases[decider].select} AND "User"."id" IN (${list.slice(0, ends[index % parameters])})`),
  'an inlined number': (decider, index) => flat(`${bases[decider].select} AND "User"."id" = ${index}`),
  'inserts of 1 to 333 rows': (decider, index) =>
    flat(bases[decider].insert + rows.slice(0, 1 + (index % rows.length)).join()),
}

/** A text that is longer than what is remembered of texts. */
export function fullInsert(index: number): string {
  return flat(`INSERT INTO "User" ("email", "name", "org", "at", "by") VALUES ${full} RETURNING id AS id${index}`)
}

/** As sqlcommenter writes it: 32 new hexadecimal digits each time. */
function trace(index: number): string {
  const id = Math.imul(index, 0x9e3779b1) >>> 0
  const digits = id.toString(16).padStart(8, '0')
  return `traceparent='00-${digits.repeat(4)}-${digits.repeat(2)}-01'`
}
