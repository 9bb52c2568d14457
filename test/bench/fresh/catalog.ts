import { createGuard, type CatalogDescription } from '@poolsafe/core'
import { scanSaysHarmless, StoredCode } from '@poolsafe/core/internal'
import { catalogOf, setting } from '../../support/catalog.ts'
import { analyzerOf } from '../internals.ts'
import { median } from '../statistics.ts'
import { flat, harmlessText } from '../texts.ts'

// Prints what a guard costs that knows 2,000 functions and 200 tables which change the session, in nanoseconds and
// bytes. First argument: characters to spend on each figure.

const spend = Number(process.argv[2])
const batches = 9
const verbs =
  'set apply fetch audit log touch sync archive refresh notify lock enqueue check mark load store copy'.split(' ')
const nouns =
  'tenant order customer invoice user account payment session context search product line region stock'.split(' ')

function describe(functions: number, tables: number): CatalogDescription {
  const name = (n: number): string =>
    `${verbs[n % verbs.length]}_${nouns[Math.floor(n / verbs.length) % nouns.length]}_${n}`
  return catalogOf({
    routines: Array.from({ length: functions }, (_, n) => {
      return { schema: 'public', name: name(n), least: 0, most: 1, leaves: [setting(`public.f${n}()`)] }
    }),
    relations: Array.from({ length: tables }, (_, n) => {
      const hook = { use: 'insert', leaves: [setting('trigger stamp', 'public.stamp()')] } as const
      return { schema: 'public', name: `${nouns[n % nouns.length]}s_${n}`, hooks: [hook] }
    }),
  })
}

const text = JSON.stringify(describe(2_000, 200))
const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const before = heap()
const started = performance.now()
const knowing = createGuard({ catalog: JSON.parse(text) as CatalogDescription, observe: false })
const construction = performance.now() - started
const kept = heap() - before
const plain = createGuard({ observe: false })
const { scan } = new StoredCode(JSON.parse(text) as CatalogDescription)

let made = 0
/** As an ORM writes it, with calls and joins. */
const statement = (): string =>
  flat(
    `SELECT o.id, o.total, c.name, count(*) AS n, sum(l.price * l.quantity) AS amount FROM "orders" o JOIN "customers" c ON c.id = o.customer_id LEFT JOIN lines l ON l.order_id = o.id WHERE o.created_at > now() - interval '7 days' AND c.region IN ($1, $2, $3) AND coalesce(o.state, 'open') <> 'closed' GROUP BY o.id, o.total, c.name ORDER BY amount DESC LIMIT 50 OFFSET ${made++}`,
  )

interface Subject {
  readonly make: () => string
  readonly plain: (text: string) => unknown
  readonly knowing: (text: string) => unknown
}

const scans = { plain: scanSaysHarmless, knowing: scan }
const firsts = { plain: analyzerOf(plain), knowing: analyzerOf(knowing) }
const known = harmlessText(57)
const subjects: Readonly<Record<string, Subject>> = {
  hit: { make: () => known, ...firsts },
  'scan statement': { make: statement, ...scans },
  'scan 500': { make: () => harmlessText(500), ...scans },
  'scan 5000': { make: () => harmlessText(5_000), ...scans },
  'first statement': { make: statement, ...firsts },
}

/** So that no call is optimised away. */
let seen: unknown

function nanosOf(texts: readonly string[], act: (text: string) => unknown): number {
  const { user, system } = process.cpuUsage()
  for (const each of texts) seen = act(each)
  const after = process.cpuUsage()
  return ((after.user + after.system - user - system) * 1000) / texts.length
}

/** Both in turn, each with texts of its own. */
function measure({ make, ...both }: Subject, count: number): Record<'plain' | 'knowing', number> {
  const rounds = Array.from({ length: batches }, () => {
    const texts = (): string[] => Array.from({ length: count }, make)
    return { plain: nanosOf(texts(), both.plain), knowing: nanosOf(texts(), both.knowing) }
  })
  return { plain: median(rounds.map((round) => round.plain)), knowing: median(rounds.map((round) => round.knowing)) }
}

for (const subject of Object.values(subjects)) measure(subject, 300)
const figures: Record<string, number> = { construction, kept, file: text.length }
for (const [name, subject] of Object.entries(subjects)) {
  const count = Math.max(100, Math.min(20_000, Math.floor(spend / subject.make().length / batches / 2)))
  const { plain: without, knowing: withIt } = measure(subject, count)
  Object.assign(figures, { [`${name} plain`]: without, [name]: withIt, [`${name} ratio`]: withIt / without })
}
console.log(JSON.stringify(figures))
if (seen === undefined) throw new Error('Nothing was analysed.')
