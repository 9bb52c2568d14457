import type { RuleId } from '@poolsafe/core'

/** The remedy of a rule as code, by where it is written. */
export interface Remedy {
  readonly sql?: string
  readonly pg?: string
  readonly kysely?: string
  readonly prisma?: string
}

/** What the sentence of a rule cannot show. A rule that is not here has a page all the same. */
export const remedies: { readonly [Id in RuleId]?: Remedy } = {
  'session/set': {
    sql: `BEGIN;
SET LOCAL statement_timeout = '5s';
SELECT * FROM orders;
COMMIT;

-- For all connections of a role; the pooler's open server connections take it when they are opened anew.
ALTER ROLE app SET statement_timeout = '5s';`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`set local statement_timeout = '5s'\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`SET LOCAL statement_timeout = '5s'\`
  return tx.order.findMany()
})`,
  },
  'session/set-config': {
    sql: `BEGIN;
SELECT set_config('app.org_id', '7', true);
SELECT * FROM orders;
COMMIT;

-- A server connection that has seen the setting once answers '' instead of NULL: allow for both in the policy.
CREATE POLICY own_org ON orders
  USING (org_id = nullif(current_setting('app.org_id', true), '')::int);`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`select set_config('app.org_id', \${orgId}, true)\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$queryRaw\`SELECT set_config('app.org_id', \${orgId}, true)\`
  return tx.order.findMany()
})`,
  },
  'connection/startup-parameter': {
    sql: `-- For all connections of a role; the pooler's open server connections take it when they are opened anew.
ALTER ROLE app SET statement_timeout = '5s';`,
    pg: `const pool = guardPool(new pg.Pool({ connectionString, query_timeout: 5000 }), guard) // kept by pg itself, not sent`,
  },
  'session/role': {
    sql: `BEGIN;
SET LOCAL ROLE reporting;
SELECT * FROM orders;
COMMIT;`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`set local role reporting\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`SET LOCAL ROLE reporting\`
  return tx.order.findMany()
})`,
  },
  'session/characteristics': {
    sql: `BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT * FROM orders;
COMMIT;`,
    kysely: `await db
  .transaction()
  .setIsolationLevel('serializable')
  .setAccessMode('read only')
  .execute((trx) => trx.selectFrom('orders').selectAll().execute())`,
    prisma: `await prisma.$transaction((tx) => tx.order.findMany(), { isolationLevel: 'Serializable' })`,
  },
  'session/advisory-lock': {
    sql: `BEGIN;
SELECT pg_advisory_xact_lock(42);
UPDATE counters SET value = value + 1;
COMMIT; -- releases the lock`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`select pg_advisory_xact_lock(42)\`.execute(trx)
  await trx.updateTable('counters').set((eb) => ({ value: eb('value', '+', 1) })).execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  // $executeRaw, since $queryRaw cannot read the type void.
  await tx.$executeRaw\`SELECT pg_advisory_xact_lock(42)\`
  await tx.counter.updateMany({ data: { value: { increment: 1 } } })
})`,
  },
  'session/listen': {
    pg: `// One client of its own, on the URL that goes round the pooler.
const listener = new pg.Client({ connectionString: process.env.DIRECT_DATABASE_URL })
await listener.connect()
listener.on('notification', ({ channel, payload }) => console.log(channel, payload))
await listener.query('LISTEN orders')

// Sending stays on the pooler.
await pool.query("SELECT pg_notify('orders', $1)", [orderId])`,
  },
  'session/temp-object': {
    sql: `BEGIN;
CREATE TEMP TABLE picked (id int) ON COMMIT DROP;
INSERT INTO picked SELECT id FROM orders;
SELECT count(*) FROM picked;
COMMIT;

-- Without any table:
SELECT * FROM orders WHERE id = ANY (ARRAY[1, 2, 3]);`,
    kysely: `await db.transaction().execute(async (trx) => {
  await trx.schema.createTable('picked').temporary().onCommit('drop').addColumn('id', 'integer').execute()
  await trx.insertInto('picked').expression(trx.selectFrom('orders').select('id')).execute()
  return trx.selectFrom('picked').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`CREATE TEMP TABLE picked (id int) ON COMMIT DROP\`
  await tx.$executeRaw\`INSERT INTO picked SELECT id FROM orders\`
  return tx.$queryRaw\`SELECT count(*) FROM picked\`
})`,
  },
  'session/prepared-statement': {
    pg: `// The driver prepares the statement itself, without a name, and sends the parameters beside it.
await pool.query('SELECT * FROM users WHERE id = $1', [userId])`,
    kysely: `await db.selectFrom('users').selectAll().where('id', '=', userId).execute()`,
    prisma: `await prisma.$queryRaw\`SELECT * FROM users WHERE id = \${userId}\``,
  },
  'session/named-statement': {
    pg: `// Without \`name\`: nothing is left on the server connection.
await pool.query({ text: 'SELECT * FROM users WHERE id = $1', values: [userId] })`,
    prisma: `// Without \`statementNameGenerator\` in the second argument.
const adapter = new PrismaPg({ connectionString })`,
  },
  'session/held-cursor': {
    sql: `BEGIN;
DECLARE page CURSOR FOR SELECT * FROM orders ORDER BY id;
FETCH 100 FROM page;
CLOSE page;
COMMIT;

-- Without any cursor, from page to page:
SELECT * FROM orders WHERE id > 100 ORDER BY id LIMIT 100;`,
    kysely: `// Holds one server connection until the last row, and leaves nothing behind.
for await (const order of db.selectFrom('orders').selectAll().stream(100)) console.log(order)`,
    prisma: `await prisma.order.findMany({ take: 100, skip: 1, cursor: { id: lastId }, orderBy: { id: 'asc' } })`,
  },
  'session/sequence-value': {
    sql: `INSERT INTO orders (total) VALUES (10) RETURNING id;`,
    kysely: `const { id } = await db.insertInto('orders').values({ total: 10 }).returning('id').executeTakeFirstOrThrow()`,
    prisma: `const { id } = await prisma.order.create({ data: { total: 10 } })`,
  },
  'session/random-seed': {
    pg: `// Any seeded generator of the application: \`random\` is one here.
const numbers = Array.from({ length: 100 }, () => random())
await pool.query('SELECT * FROM unnest($1::float8[])', [numbers])`,
  },
  'session/load': {
    sql: `ALTER DATABASE app SET session_preload_libraries = 'auto_explain';`,
  },
  'session/discard': {
    sql: `BEGIN;
SET LOCAL work_mem = '64MB'; -- ends with the transaction: there is nothing to discard
SELECT * FROM orders ORDER BY total;
COMMIT;`,
  },
  'transaction/set-local': {
    sql: `BEGIN;
SET LOCAL statement_timeout = '5s';
SELECT * FROM orders;
COMMIT;`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`set local statement_timeout = '5s'\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`SET LOCAL statement_timeout = '5s'\`
  return tx.order.findMany()
})`,
  },
  'transaction/on-commit-drop': {
    sql: `BEGIN;
CREATE TEMP TABLE picked (id int) ON COMMIT DROP;
INSERT INTO picked SELECT id FROM orders;
SELECT count(*) FROM picked;
COMMIT;`,
    kysely: `await db.transaction().execute(async (trx) => {
  await trx.schema.createTable('picked').temporary().onCommit('drop').addColumn('id', 'integer').execute()
  await trx.insertInto('picked').expression(trx.selectFrom('orders').select('id')).execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`CREATE TEMP TABLE picked (id int) ON COMMIT DROP\`
  await tx.$executeRaw\`INSERT INTO picked SELECT id FROM orders\`
})`,
  },
  'transaction/unpinned': {
    pg: `const client = await pool.connect()
try {
  await client.query('BEGIN')
  await client.query('UPDATE orders SET paid = true WHERE id = $1', [orderId])
  await client.query('COMMIT')
} catch (error) {
  await client.query('ROLLBACK')
  throw error
} finally {
  client.release()
}`,
    kysely: `await db.transaction().execute((trx) => trx.updateTable('orders').set({ paid: true }).where('id', '=', orderId).execute())`,
    prisma: `await prisma.$transaction((tx) => tx.order.update({ where: { id: orderId }, data: { paid: true } }))`,
  },
  'transaction/left-open': {
    pg: `const client = await pool.connect()
try {
  await client.query('BEGIN')
  await client.query('UPDATE orders SET paid = true WHERE id = $1', [orderId])
  await client.query('COMMIT')
} catch (error) {
  await client.query('ROLLBACK')
  throw error
} finally {
  client.release() // after COMMIT or ROLLBACK, whatever happened
}`,
  },
  'session/dblink': {
    sql: `-- The connection lasts for this statement.
SELECT * FROM dblink('host=reports dbname=reports', 'SELECT id FROM orders') AS remote (id int);`,
  },
  'session/extension-setting': {
    sql: `BEGIN;
SET LOCAL pg_trgm.similarity_threshold = 0.5;
SELECT * FROM words WHERE word % 'pool';
COMMIT;

-- Without any setting:
SELECT * FROM words WHERE similarity(word, 'pool') > 0.5;`,
  },
  'transaction/large-object': {
    sql: `BEGIN;
SELECT lo_open(16409, 262144);
SELECT loread(0, 1024);
SELECT lo_close(0);
COMMIT;

-- Without a descriptor:
SELECT lo_get(16409, 0, 1024);`,
  },
  'transaction/exported-snapshot': {
    pg: `const client = await pool.connect()
try {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const { rows } = await client.query('SELECT pg_export_snapshot() AS snapshot')
  await Promise.all(workers.map((worker) => worker.copyFrom(rows[0].snapshot)))
  await client.query('COMMIT')
} finally {
  client.release()
}`,
  },
  'statement/undecided': {
    pg: `// The values travel beside the text, which stays short.
await pool.query('INSERT INTO readings (value) SELECT * FROM unnest($1::float8[])', [values])`,
  },
}
