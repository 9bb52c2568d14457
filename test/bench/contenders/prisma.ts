import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import type { SqlDriverAdapter, SqlDriverAdapterFactory, SqlQuery, SqlResultSet } from '@prisma/driver-adapter-utils'
import { PrismaInstrumentation } from '@prisma/instrumentation'
import { runScenario, type Contender, type Scenario } from '../compare/contender.ts'
import { PrismaClient, type Prisma } from '../../generated/prisma7/client.ts'
import { startTelemetry } from './telemetry.ts'
import { startWatch, unwatched, type Watch } from './watch.ts'

/** Operations on a driver adapter that answers from memory. */
export async function prepare(variant: string, scenario: Scenario): Promise<Contender> {
  const { operation } = scenario
  const watch = await watchOf(variant)
  const plain = new StubFactory()
  const adapter = watch.guard === undefined ? plain : guardAdapter(plain, watch.guard)
  const client = extend(new PrismaClient({ adapter }), variant, watch)
  const operate = operations(client, await adapter.connect())[operation]
  if (operate === undefined) throw new Error(`There is no operation '${operation}'.`)
  return {
    run: (count) => runScenario(count, scenario, watch.inRequest, operate),
    close: () => client.$disconnect().then(watch.close),
  }
}

/**
 * The name of a guard here, and its rest: `guarded`, `guarded and extension`, `guarded and empty extension`.
 */
async function watchOf(variant: string): Promise<Watch> {
  if (variant !== 'prisma-instrumentation') return startWatch(variant.replace(/ and .*/, ''))
  return { ...unwatched, close: startTelemetry(() => [new PrismaInstrumentation()]) }
}

function extend(client: PrismaClient, variant: string, { guard }: Watch): PrismaClient {
  if (variant.endsWith(' and extension')) return client.$extends(poolsafe(guard)) as unknown as PrismaClient
  if (!variant.endsWith(' and empty extension')) return client
  // The cost of an extension as such in Prisma.
  return client.$extends({ query: { $allOperations: ({ args, query }) => query(args) } }) as unknown as PrismaClient
}

function operations(
  client: PrismaClient,
  adapter: SqlDriverAdapter,
): Record<string, (index: number) => Promise<unknown>> {
  return {
    'adapter alone': () => adapter.queryRaw({ sql: piecedTogether(), args: [1], argTypes: [] }),
    findUnique: async () => client.user.findUnique({ where: { id: 1 } }),
    findFirst: async (index) => client.user.findFirst(queries[index]),
    $queryRaw: async () => client.$queryRaw`select id, email, name from "User" where id = ${1}`,
  }
}

/** As many as a request has operations; each has a statement of its own. */
const queries: readonly Prisma.UserFindFirstArgs[] = [
  { where: { email: 'a@b.c' } },
  { where: { id: 1 } },
  { where: { name: 'a' } },
  { where: { id: 1, email: 'a@b.c' } },
  { where: { id: 1, name: 'a' } },
  { where: { email: 'a@b.c', name: 'a' } },
  { where: { id: { gt: 0 } } },
  { where: { id: { lt: 2 } } },
  { where: { email: { gt: 'a' } } },
  { where: { name: { gt: 'a' } } },
]

const pieces = [
  'SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name" FROM "public"."User" WHERE ("public"."User"."id" = ',
  1,
  ' AND 1=1) LIMIT ',
  2,
  ' OFFSET ',
  3,
] as const

/** As Prisma makes the text of an operation: anew each time, out of fixed pieces and the numbers of the parameters. */
function piecedTogether(): string {
  let text = ''
  for (const piece of pieces) text += typeof piece === 'number' ? `$${piece}` : piece
  return text
}

/** The user that every query finds, as PostgreSQL's driver adapter would give it. */
const oneUser: SqlResultSet = {
  columnNames: ['id', 'email', 'name'],
  // `Int32` and `Text` of ColumnTypeEnum.
  columnTypes: [0, 7, 7],
  rows: [[1, 'a@b.c', null]],
}

const wire = Buffer.alloc(8192)

class StubAdapter implements SqlDriverAdapter {
  readonly provider = 'postgres'
  readonly adapterName = '@poolsafe/stub'

  async queryRaw({ sql }: SqlQuery): Promise<SqlResultSet> {
    // Every driver does this with the text. It flattens the string that Prisma pieced together, which is no cost of the
    // guard.
    wire.write(sql)
    return oneUser
  }
  async executeRaw(): Promise<number> {
    return 1
  }
  async executeScript(): Promise<void> {}
  async startTransaction(): Promise<never> {
    throw new Error('The stub adapter has no transactions.')
  }
  async dispose(): Promise<void> {}
}

class StubFactory implements SqlDriverAdapterFactory {
  readonly provider = 'postgres'
  readonly adapterName = '@poolsafe/stub'

  async connect(): Promise<SqlDriverAdapter> {
    return new StubAdapter()
  }
}
