import { guardDialect } from '@poolsafe/kysely'
import { Kysely, PostgresDialect, sql, type DatabaseConnection, type Dialect, type Driver } from 'kysely'
import { observeDialect } from 'kysely-opentelemetry'
import { runScenario, type Contender, type Scenario } from '../compare/contender.ts'
import { guardLeastDialect } from './least-dialect.ts'
import { startTelemetry } from './telemetry.ts'
import { startWatch, unwatched, type Watch } from './watch.ts'

interface Database {
  person: { id: number; name: string; age: number }
  pet: { id: number; owner_id: number; name: string; species: string }
  toy: { id: number; pet_id: number; price: number }
}

/** Compiles and executes queries on a driver that does as little as a driver can. */
export async function prepare(variant: string, scenario: Scenario): Promise<Contender> {
  const { operation } = scenario
  const watch = await watchOf(variant)
  const db = new Kysely<Database>({ dialect: wrap(stubDialect(), variant, watch) })
  const operate = operations(db)[operation]
  if (operate === undefined) throw new Error(`There is no operation '${operation}'.`)
  return {
    run: (count) => runScenario(count, scenario, watch.inRequest, operate),
    close: () => db.destroy().then(watch.close),
  }
}

async function watchOf(variant: string): Promise<Watch> {
  return variant === 'kysely-opentelemetry, SDK' ? { ...unwatched, close: startTelemetry() } : startWatch(variant)
}

function wrap(dialect: Dialect, variant: string, { guard }: Watch): Dialect {
  if (guard !== undefined) return guardDialect(dialect, guard)
  if (variant === 'least guard') return guardLeastDialect(dialect)
  // Without OpenTelemetry's SDK its spans go nowhere.
  return variant.startsWith('kysely-opentelemetry') ? observeDialect(dialect) : dialect
}

/** As many as a request has operations. */
const columns = [
  ['person', 'id'],
  ['person', 'name'],
  ['person', 'age'],
  ['pet', 'id'],
  ['pet', 'owner_id'],
  ['pet', 'name'],
  ['pet', 'species'],
  ['toy', 'id'],
  ['toy', 'pet_id'],
  ['toy', 'price'],
] as const

function operations(db: Kysely<Database>): Record<string, (index: number) => Promise<unknown>> {
  const precompiled = db.selectFrom('person').select(['id', 'name']).where('id', '=', 1).compile()
  return {
    'short select': () => db.selectFrom('person').select(['id', 'name']).where('id', '=', 1).execute(),
    'select of one column': (index) => selectOne(db, index).execute(),
    'join of three tables': () => joinThree(db).execute(),
    'raw sql': () => sql`select ${1}::int4 as one`.execute(db),
    precompiled: () => db.executeQuery(precompiled),
  }
}

/** Each index has a statement of its own. */
function selectOne(db: Kysely<Database>, index: number) {
  const [table, column] = columns[index] as (typeof columns)[number]
  return db
    .selectFrom(table)
    .select(['id', sql.ref(column).as('value')])
    .where('id', '=', 1)
}

function joinThree(db: Kysely<Database>) {
  return db
    .selectFrom('person')
    .innerJoin('pet', 'pet.owner_id', 'person.id')
    .leftJoin('toy', 'toy.pet_id', 'pet.id')
    .select(['person.id', 'person.name as owner', 'pet.name as pet', 'pet.species', 'toy.price'])
    .where('person.age', '>', 18)
    .where('pet.species', 'in', ['cat', 'dog'])
    .orderBy('person.name')
    .limit(20)
}

function stubDialect(): Dialect {
  const postgres = new PostgresDialect({ pool: async () => Promise.reject(new Error('The stub driver has no pool.')) })
  return {
    createDriver: () => new StubDriver(),
    createQueryCompiler: () => postgres.createQueryCompiler(),
    createAdapter: () => postgres.createAdapter(),
    createIntrospector: (db) => postgres.createIntrospector(db),
  }
}

const wire = Buffer.alloc(8192)

class StubConnection implements DatabaseConnection {
  async executeQuery({ sql: text }: { sql: string }): Promise<{ rows: never[] }> {
    // Every driver does this with the text. It flattens the string that Kysely pieced together, which is no cost of the
    // guard.
    wire.write(text)
    return { rows: [] }
  }

  // oxlint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('The stub driver streams nothing.')
  }
}

class StubDriver implements Driver {
  readonly #connection = new StubConnection()

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }
  async beginTransaction(): Promise<void> {}
  async commitTransaction(): Promise<void> {}
  async rollbackTransaction(): Promise<void> {}
  async releaseConnection(): Promise<void> {}
  async destroy(): Promise<void> {}
}
