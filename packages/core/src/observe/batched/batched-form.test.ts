import { describe, expect, it } from 'vitest'
import { batchedForm } from './batched-form.ts'
import type { Layer } from '../../stack/origin.ts'
import { formOf } from '../shape/shape-form.ts'
import { Shape } from '../shape/shape.ts'

function formed(sql: string, layer: Layer = 'pg', operation?: string): string {
  return batchedForm({ shape: new Shape(formOf(sql)), layer, operation }).replace('one statement for all of them: ', '')
}

const joined =
  'the same statement with = ANY($1) and all values in an array, or a join with unnest($1::…[], …) and an array for each column'

describe('the batched form of a statement', () => {
  it.each([
    ['SELECT * FROM orders WHERE id = $1', 'SELECT * FROM orders WHERE id = ANY($1)'],
    ["SELECT id FROM users WHERE email = 'a@b' AND active", 'SELECT id FROM users WHERE email = ANY($1) AND active'],
    [
      'SELECT * FROM orders WHERE tenant_id = $1 AND order_id = $2::uuid FOR UPDATE',
      'SELECT * FROM orders WHERE tenant_id = $1 AND order_id = ANY($2::uuid[]) FOR UPDATE',
    ],
    ['SELECT * FROM users WHERE id = $1 LIMIT 1', 'SELECT * FROM users WHERE id = ANY($1)'],
    [
      'SELECT o.* FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = $1',
      'SELECT o.* FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = ANY($1)',
    ],
    [
      "SELECT * FROM a WHERE b >= $1 AND c = $2 AND d->>'k' = $3",
      'SELECT * FROM a WHERE b >= $1 AND c = ANY($2) AND d ->> $3 = $4',
    ],
    ['DELETE FROM "Line" WHERE "Line"."orderId" = $1', 'DELETE FROM "Line" WHERE "Line"."orderId" = ANY($1)'],
  ])('compares with an array: %s', (sql, expected) => {
    expect(formed(sql)).toBe(expected)
  })

  it.each([
    [
      'SELECT count(*) FROM posts WHERE author_id = $1',
      'SELECT * FROM unnest($1::…[]) AS given (author_id) CROSS JOIN LATERAL (SELECT count(*) FROM posts WHERE author_id = given.author_id) AS each',
    ],
    [
      'SELECT * FROM posts WHERE author_id = $1 AND kind = $2 ORDER BY at DESC LIMIT $3',
      'SELECT * FROM unnest($1::…[]) AS given (author_id) CROSS JOIN LATERAL (SELECT * FROM posts WHERE author_id = given.author_id AND kind = $2 ORDER BY at DESC LIMIT $3) AS each',
    ],
  ])('joins what each value has an answer of its own for: %s', (sql, expected) => {
    expect(formed(sql)).toBe(expected)
  })

  it.each([
    [
      'INSERT INTO lines (order_id, sku) VALUES ($1, $2)',
      'INSERT INTO lines (order_id, sku) VALUES ($1, $2), ($3, $4), …',
    ],
    ['INSERT INTO lines (id) VALUES ($1) RETURNING id', 'INSERT INTO lines (id) VALUES ($1), ($2), … RETURNING id'],
    ['INSERT INTO lines (id, at) VALUES ($1, now())', 'INSERT INTO lines (id, at) VALUES (…), (…), …'],
    [
      'INSERT INTO lines VALUES ($1, $2) ON CONFLICT DO NOTHING',
      'INSERT INTO lines VALUES (…), (…), … ON CONFLICT DO NOTHING',
    ],
    [
      'INSERT INTO lines (id, sku) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET sku = $3',
      'INSERT INTO lines (id, sku) VALUES ($1, $2), ($3, $4), … and the rest unchanged',
    ],
  ])('inserts several rows: %s', (sql, expected) => {
    expect(formed(sql)).toBe(expected)
  })

  it.each([
    [
      'UPDATE users SET name = $1, seen = now() WHERE id = $2',
      'UPDATE users SET name = given.name, seen = now() FROM unnest($1::…[], $2::…[]) AS given (name, id) WHERE users.id = given.id',
    ],
    [
      'UPDATE users AS u SET name = $1 WHERE u."userId" = $2 AND tenant = $3',
      'UPDATE users AS u SET name = given.name FROM unnest($1::…[], $2::…[]) AS given (name, "userId") WHERE u."userId" = given."userId" AND tenant = $3',
    ],
  ])('updates from arrays: %s', (sql, expected) => {
    expect(formed(sql)).toBe(expected)
  })

  it.each([
    'SELECT * FROM users WHERE id = $1 OR email = $2',
    'SELECT * FROM price_of($1)',
    'INSERT INTO a SELECT * FROM b WHERE id = $1',
    'INSERT INTO lines DEFAULT VALUES',
    'UPDATE users SET n = n + $1 WHERE id = $2',
    'UPDATE users SET id = $1 WHERE id = $2',
    'WITH x AS (SELECT * FROM a WHERE a.id = $1) SELECT * FROM x',
    'SELECT',
    ')( WHERE = $1',
    `SELECT ${'a, '.repeat(200)} FROM b`,
  ])('is described in words if the text does not show it: %s', (sql) => {
    expect(formed(sql)).toBe(joined)
  })

  it('is described by the condition if the statement is too long to be shown', () => {
    expect(formed(`SELECT ${'a, '.repeat(200)}b FROM c WHERE tenant = $1 AND c.c_id = $2`)).toBe(
      'the same statement with c.c_id = ANY($1) and all values in an array',
    )
  })

  it('shows no literal', () => {
    const texts = [
      "SELECT 'secret' FROM a WHERE id = 'secret' AND b = 4711",
      "INSERT INTO a (b) VALUES ('secret')",
      "UPDATE a SET b = 'secret' WHERE c = 4711",
    ]
    for (const text of texts) expect(formed(text)).not.toMatch(/secret|4711/)
  })

  it.each([
    [
      'User.findFirst',
      'SELECT "u"."id" FROM "User" AS "u" WHERE ("u"."id" = $1 AND 1=1) LIMIT $2',
      'prisma.user.findMany({ where: { id: { in: values } } }), or include: the relation in the query before',
    ],
    [
      'Post.count',
      'SELECT COUNT(*) FROM (SELECT id FROM "Post" WHERE "Post"."authorId" = $1) AS "sub"',
      "prisma.post.groupBy({ by: ['authorId'], where: { authorId: { in: values } }, _count: true })",
    ],
    [
      'Post.create',
      'INSERT INTO "public"."Post" ("title","authorId") VALUES ($1,$2)',
      'prisma.post.createMany({ data: [{ title, authorId }, …] })',
    ],
    [
      'User.create',
      'INSERT INTO "public"."Post" ("title","authorId") VALUES ($1,$2)',
      'createMany: { data: [{ title, authorId }, …] } instead of create: […], inside prisma.user.create()',
    ],
    [
      'Post.update',
      'UPDATE "public"."Post" SET "title" = $1 WHERE "Post"."id" = $2',
      'prisma.post.updateMany({ where: { id: { in: values } }, data }), or with other data for each $executeRaw`UPDATE … FROM unnest(…)`',
    ],
    [
      'Post.deleteMany',
      'DELETE FROM "public"."Post" WHERE "Post"."id" = $1',
      'prisma.post.deleteMany({ where: { id: { in: values } } })',
    ],
    ['$queryRaw', 'SELECT * FROM "Post" WHERE id = $1', 'SELECT * FROM "Post" WHERE id = ANY($1)'],
  ])("is Prisma's own: %s", (operation, sql, expected) => {
    expect(formed(sql, 'prisma', operation)).toBe(expected)
  })

  it.each([
    [
      'select "name" from "orders" where "id" = $1',
      "db.selectFrom('orders').where('id', 'in', values), or a join in the query before",
    ],
    ['insert into "orders" ("id", "name") values ($1, $2)', "db.insertInto('orders').values([{ id, name }, …])"],
    [
      'update "orders" set "name" = $1 where "id" = $2',
      "db.updateTable('orders').set(…).where('id', 'in', values), or with other values for each .from(sql`unnest(…)`.as('given'))",
    ],
    ['delete from "orders" where "id" = $1', "db.deleteFrom('orders').where('id', 'in', values)"],
    ['with "x" as (select 1) select * from "x"', joined],
  ])("is Kysely's own: %s", (sql, expected) => {
    expect(formed(sql, 'kysely')).toBe(expected)
  })
})
