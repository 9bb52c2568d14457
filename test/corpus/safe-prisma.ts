import type { Statement } from './statement.ts'

/**
 * Statements that Prisma 7.10 with @prisma/adapter-pg 7.10 sent, recorded in one run: models, relations, aggregates,
 * JSON, transactions, raw SQL.
 */
export const prisma: readonly Statement[] = [
  {
    sql: 'INSERT INTO "public"."User" ("email","name","role","settings","score","big","photo","labels","createdAt","updatedAt") VALUES ($1,$2,CAST($3::text AS "public"."Role"),$4,$5,$6,$7,$8,$9,$10) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
  },
  { sql: 'BEGIN' },
  {
    sql: 'INSERT INTO "public"."Profile" ("bio","userId") VALUES ($1,$2) RETURNING "public"."Profile"."id"',
    inTransaction: true,
  },
  {
    sql: 'INSERT INTO "public"."Post" ("id","title","views","published","authorId") VALUES ($1,$2,$3,$4,$5) RETURNING "public"."Post"."id"',
    inTransaction: true,
  },
  { sql: 'INSERT INTO "public"."Tag" ("name") VALUES ($1), ($2) RETURNING "public"."Tag"."id"', inTransaction: true },
  {
    sql: 'INSERT INTO "public"."_PostToTag" ("A","B") VALUES ($1,$2),($3,$4) ON CONFLICT DO NOTHING',
    inTransaction: true,
  },
  {
    sql: `SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId", "User_posts"."__prisma_data__" AS "posts", "User_profile"."__prisma_data__" AS "profile" FROM "public"."User" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'title', "t2"."title", 'views', "t2"."views", 'published', "t2"."published", 'authorId', "t2"."authorId", 'tags', "Post_tags_m2m"."__prisma_data__") AS "__prisma_data__", "t2"."id" FROM (SELECT "t1".* FROM "public"."Post" AS "t1" WHERE "t0"."id" = "t1"."authorId" /* root select */) AS "t2" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t6"."__prisma_data__" FROM "public"."_PostToTag" AS "t5" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t9"."id", 'name', "t9"."name") AS "__prisma_data__", "t9"."id" FROM (SELECT "t8".* FROM "public"."Tag" AS "t8" WHERE "t5"."B" = "t8"."id" /* root select */) AS "t9") AS "t6" ON true WHERE "t5"."A" = "t2"."id" /* inner */) AS "t7" /* outer */) AS "Post_tags_m2m" ON true /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "User_posts" ON true LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t12"."id", 'bio', "t12"."bio", 'userId', "t12"."userId") AS "__prisma_data__" FROM "public"."Profile" AS "t12" WHERE "t0"."id" = "t12"."userId" LIMIT $1) AS "User_profile" ON true WHERE "t0"."id" = $2 LIMIT $3`,
    inTransaction: true,
  },
  { sql: 'COMMIT', inTransaction: true },
  {
    sql: 'INSERT INTO "public"."User" ("email","name","role","score","createdAt","updatedAt") VALUES ($1,null,CAST($2::text AS "public"."Role"),$3,$4,$5), ($6,$7,CAST($8::text AS "public"."Role"),$9,$10,$11)',
  },
  {
    sql: 'INSERT INTO "public"."User" ("email","role","score","createdAt","updatedAt") VALUES ($1,CAST($2::text AS "public"."Role"),$3,$4,$5) ON CONFLICT DO NOTHING',
  },
  {
    sql: 'INSERT INTO "public"."User" ("email","role","score","createdAt","updatedAt") VALUES ($1,CAST($2::text AS "public"."Role"),$3,$4,$5) RETURNING "public"."User"."id"',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE ("t0"."email" = $1 AND 1=1) LIMIT $2',
  },
  { sql: 'SELECT "t0"."id", "t0"."name" FROM "public"."User" AS "t0" WHERE ("t0"."id" = $1 AND 1=1) LIMIT $2' },
  {
    sql: `SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE "t0"."name" ILIKE ('%' || $1 || '%') ORDER BY "t0"."id" DESC LIMIT $2`,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0"',
  },
  {
    sql: `SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE ("t0"."email"::text LIKE ($1 || '%') AND ("t0"."role" = CAST($2::text AS "public"."Role") OR (NOT "t0"."name" IS NULL))) ORDER BY "t0"."role" ASC, "t0"."name"DESC NULLS LAST LIMIT $3 OFFSET $4`,
  },
  {
    sql: `SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId", JSONB_BUILD_OBJECT('posts', COALESCE("t3"."_aggr_count_posts", 0)) AS "_count" FROM "public"."User" AS "t0" LEFT JOIN LATERAL (SELECT COUNT(*) AS "_aggr_count_posts" FROM "public"."Post" AS "t4" WHERE "t0"."id" = "t4"."authorId") AS "t3" ON true WHERE EXISTS(SELECT "t1"."authorId" FROM "public"."Post" AS "t1" WHERE ("t1"."published" = $1 AND EXISTS(SELECT "t2"."A" FROM "public"."_PostToTag" AS "t2" INNER JOIN "public"."Tag" AS "j2" ON ("j2"."id") = ("t2"."B") WHERE ("j2"."name" = $2 AND ("t1"."id") = ("t2"."A") AND "t2"."A" IS NOT NULL)) AND ("t0"."id") = ("t1"."authorId") AND "t1"."authorId" IS NOT NULL))`,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" LEFT JOIN "public"."Profile" AS "j2" ON ("j2"."userId") = ("t0"."id") WHERE (NOT EXISTS(SELECT "t1"."authorId" FROM "public"."Post" AS "t1" WHERE ((NOT "t1"."views" >= $1) AND ("t0"."id") = ("t1"."authorId") AND "t1"."authorId" IS NOT NULL)) AND ("j2"."bio" <> $2 AND ("j2"."id" IS NOT NULL)))',
  },
  {
    sql: 'SELECT DISTINCT ON ("t0"."role") "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE (NOT EXISTS(SELECT "t1"."authorId" FROM "public"."Post" AS "t1" WHERE (1=1 AND ("t0"."id") = ("t1"."authorId") AND "t1"."authorId" IS NOT NULL)) AND "t0"."managerId" IS NULL)',
  },
  {
    sql: 'SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId" FROM "public"."User" WHERE ("public"."User"."id" IN ($1,$2,$3) AND "public"."User"."id" NOT IN ($4,$5) AND "public"."User"."id" <= (SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."id") = ($6))) ORDER BY "public"."User"."id" DESC LIMIT $7 OFFSET $8',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE ("t0"."settings"#>ARRAY[$1]::text[])::jsonb::jsonb = $2',
  },
  {
    sql: `SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE (("t0"."settings"#>>ARRAY[$1]::text[]) LIKE ('%' || $2 || '%') AND JSONB_TYPEOF(("t0"."settings"#>ARRAY[$3]::text[])::jsonb) = $4)`,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE (("t0"."settings"#>ARRAY[$1]::text[])::jsonb @> $2 AND JSONB_TYPEOF(("t0"."settings"#>ARRAY[$3]::text[])::jsonb) = $4)',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE "t0"."labels" @> $1',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE "t0"."labels" && $1',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE ("t0"."labels" @> $1 AND "t0"."createdAt" < $2 AND "t0"."createdAt" >= $3)',
  },
  {
    sql: `SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId", "User_posts"."__prisma_data__" AS "posts", "User_profile"."__prisma_data__" AS "profile", "User_manager"."__prisma_data__" AS "manager" FROM "public"."User" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'title', "t2"."title", 'views', "t2"."views", 'published', "t2"."published", 'authorId', "t2"."authorId", 'tags', "Post_tags_m2m"."__prisma_data__") AS "__prisma_data__", "t2"."views", "t2"."published", "t2"."id" FROM (SELECT "t1".* FROM "public"."Post" AS "t1" WHERE "t0"."id" = "t1"."authorId" /* root select */) AS "t2" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t6"."__prisma_data__" FROM "public"."_PostToTag" AS "t5" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t9"."id", 'name', "t9"."name") AS "__prisma_data__", "t9"."id" FROM (SELECT "t8".* FROM "public"."Tag" AS "t8" WHERE "t5"."B" = "t8"."id" /* root select */) AS "t9") AS "t6" ON true WHERE "t5"."A" = "t2"."id" /* inner */) AS "t7" /* outer */) AS "Post_tags_m2m" ON true /* inner select */) AS "t3" WHERE "t3"."published" = $1 ORDER BY "t3"."views" DESC LIMIT $2 /* middle select */) AS "t4" /* outer select */) AS "User_posts" ON true LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t12"."id", 'bio', "t12"."bio", 'userId', "t12"."userId") AS "__prisma_data__" FROM "public"."Profile" AS "t12" WHERE "t0"."id" = "t12"."userId" LIMIT $3) AS "User_profile" ON true LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t13"."id", 'email', "t13"."email", 'name', "t13"."name", 'role', "t13"."role", 'settings', "t13"."settings", 'score', "t13"."score", 'big', "t13"."big"::text, 'photo', "t13"."photo", 'labels', "t13"."labels", 'createdAt', "t13"."createdAt", 'updatedAt', "t13"."updatedAt", 'managerId', "t13"."managerId") AS "__prisma_data__" FROM "public"."User" AS "t13" WHERE "t0"."managerId" = "t13"."id" LIMIT $4) AS "User_manager" ON true`,
  },
  {
    sql: 'SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId" FROM "public"."User" WHERE 1=1 OFFSET $1',
  },
  {
    sql: 'SELECT "public"."Post"."id", "public"."Post"."title", "public"."Post"."views", "public"."Post"."published", "public"."Post"."authorId" FROM "public"."Post" WHERE "public"."Post"."authorId" IN ($1,$2,$3,$4,$5) OFFSET $6',
  },
  {
    sql: 'SELECT "public"."Tag"."id", "public"."Tag"."name", "t0"."A" AS "PostToTag@Post" FROM "public"."Tag" INNER JOIN "public"."_PostToTag" AS "t0" ON "t0"."B" = "public"."Tag"."id" WHERE (1=1 AND "t0"."A" IN ($1,$2)) OFFSET $3',
  },
  {
    sql: 'SELECT "public"."Membership"."userId", "public"."Membership"."teamId", "public"."Membership"."since" FROM "public"."Membership" WHERE "public"."Membership"."userId" IN ($1,$2,$3,$4,$5) OFFSET $6',
  },
  {
    sql: 'SELECT "public"."Team"."id", "public"."Team"."name" FROM "public"."Team" WHERE "public"."Team"."id" IN (NULL) OFFSET $1',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE "t0"."settings" IS NULL',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE "t0"."settings"::jsonb <> $1',
  },
  {
    sql: `SELECT "t0"."id", "t0"."title", "t0"."views", "t0"."published", "t0"."authorId" FROM "public"."Post" AS "t0" WHERE to_tsvector(concat_ws(' ', "t0"."title")) @@ to_tsquery($1)`,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."title", "t0"."views", "t0"."published", "t0"."authorId" FROM "public"."Post" AS "t0" LEFT JOIN "public"."User" AS "orderby_1" ON ("orderby_1"."id") = ("t0"."authorId") ORDER BY "orderby_1"."name" ASC',
  },
  {
    sql: 'SELECT "t0"."id", "t0"."title", "t0"."views", "t0"."published", "t0"."authorId" FROM "public"."Post" AS "t0" LEFT JOIN (SELECT "public"."_PostToTag"."A", COUNT("public"."_PostToTag"."A") AS "orderby_aggregator" FROM "public"."Tag" LEFT JOIN "public"."_PostToTag" ON ("public"."Tag"."id" = "public"."_PostToTag"."B") WHERE 1=1 GROUP BY "public"."_PostToTag"."A") AS "orderby_1_Tag" ON ("t0"."id" = "orderby_1_Tag"."A") ORDER BY COALESCE("orderby_1_Tag"."orderby_aggregator", $1) DESC',
  },
  {
    sql: `SELECT "t0"."id", "t0"."title", "t0"."views", "t0"."published", "t0"."authorId" FROM "public"."Post" AS "t0" ORDER BY ts_rank(to_tsvector(concat_ws(' ', "t0"."title")), to_tsquery($1)) DESC`,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."title", "t0"."views", "t0"."published", "t0"."authorId" FROM "public"."Post" AS "t0" WHERE "t0"."views" = "t0"."views"',
  },
  {
    sql: 'SELECT COUNT(*) AS "_count$_all" FROM (SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1 OFFSET $1) AS "sub"',
  },
  {
    sql: 'SELECT COUNT("name") AS "_count$name", COUNT(*) AS "_count$_all" FROM (SELECT "public"."User"."name" FROM "public"."User" WHERE "public"."User"."role" = CAST($1::text AS "public"."Role") OFFSET $2) AS "sub"',
  },
  {
    sql: 'SELECT SUM("views") AS "_sum$views", AVG("views") AS "_avg$views", MIN("title") AS "_min$title", MAX("title") AS "_max$title", COUNT(*) AS "_count$_all" FROM (SELECT "public"."Post"."views", "public"."Post"."title", "public"."Post"."id" FROM "public"."Post" WHERE 1=1 OFFSET $1) AS "sub"',
  },
  {
    sql: 'SELECT SUM("public"."Post"."views") AS "_sum$views", "public"."Post"."authorId", "public"."Post"."published" FROM "public"."Post" WHERE 1=1 GROUP BY "public"."Post"."authorId", "public"."Post"."published" HAVING SUM("public"."Post"."views") >= $1 ORDER BY "public"."Post"."authorId" ASC OFFSET $2',
  },
  {
    sql: `SELECT COUNT(*) AS "_count$_all", "public"."User"."role"::text FROM "public"."User" WHERE "public"."User"."email"::text LIKE ('%' || $1) GROUP BY "public"."User"."role" OFFSET $2`,
  },
  {
    sql: 'UPDATE "public"."User" SET "name" = $1, "score" = ("public"."User"."score" + $2), "labels" = "public"."User"."labels" || $3, "updatedAt" = $4 WHERE ("public"."User"."id" = $5 AND 1=1) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
  },
  {
    sql: 'SELECT "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
    inTransaction: true,
  },
  {
    sql: 'SELECT "public"."Post"."id", "public"."Post"."authorId" FROM "public"."Post" WHERE ("public"."Post"."title" = $1 AND "public"."Post"."authorId" IN ($2)) OFFSET $3',
    inTransaction: true,
  },
  {
    sql: 'UPDATE "public"."Post" SET "views" = ("public"."Post"."views" + $1) WHERE ("public"."Post"."id" IN ($2) AND 1=1)',
    inTransaction: true,
  },
  { sql: 'DELETE FROM "public"."Post" WHERE ("public"."Post"."id" IN ($1) AND 1=1)', inTransaction: true },
  {
    sql: 'SELECT "public"."Profile"."id", "public"."Profile"."userId" FROM "public"."Profile" WHERE (1=1 AND "public"."Profile"."userId" IN ($1)) OFFSET $2',
    inTransaction: true,
  },
  {
    sql: 'UPDATE "public"."Profile" SET "bio" = $1 WHERE ("public"."Profile"."id" IN ($2) AND 1=1) RETURNING "public"."Profile"."id"',
    inTransaction: true,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE "t0"."id" = $1 LIMIT $2',
    inTransaction: true,
  },
  {
    sql: 'SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
    inTransaction: true,
  },
  {
    sql: 'UPDATE "public"."User" SET "managerId" = $1, "updatedAt" = $2 WHERE ("public"."User"."id" = $3 AND 1=1) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
    inTransaction: true,
  },
  { sql: 'INSERT INTO "public"."Team" ("name") VALUES ($1) RETURNING "public"."Team"."id"', inTransaction: true },
  {
    sql: 'INSERT INTO "public"."Membership" ("userId","teamId","since") VALUES ($1,$2,$3) RETURNING "public"."Membership"."userId", "public"."Membership"."teamId"',
    inTransaction: true,
  },
  {
    sql: 'SELECT "public"."User"."id" FROM "public"."User" WHERE (1=1 AND "public"."User"."id" IN ($1)) OFFSET $2',
    inTransaction: true,
  },
  {
    sql: 'UPDATE "public"."User" SET "managerId" = $1 WHERE ("public"."User"."id" IN ($2) AND 1=1)',
    inTransaction: true,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."title", "t0"."views", "t0"."published", "t0"."authorId" FROM "public"."Post" AS "t0" LIMIT $1',
  },
  {
    sql: 'SELECT "public"."Post"."id", "public"."Post"."title", "public"."Post"."views", "public"."Post"."published", "public"."Post"."authorId" FROM "public"."Post" WHERE ("public"."Post"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3',
    inTransaction: true,
  },
  {
    sql: 'SELECT "public"."Tag"."id" FROM "public"."Tag" WHERE ("public"."Tag"."name" = $1 AND 1=1) LIMIT $2 OFFSET $3',
    inTransaction: true,
  },
  { sql: 'INSERT INTO "public"."Tag" ("name") VALUES ($1) RETURNING "public"."Tag"."id"', inTransaction: true },
  { sql: 'INSERT INTO "public"."_PostToTag" ("A","B") VALUES ($1,$2) ON CONFLICT DO NOTHING', inTransaction: true },
  {
    sql: 'SELECT "public"."Tag"."id", "t0"."A" AS "PostToTag@Post" FROM "public"."Tag" INNER JOIN "public"."_PostToTag" AS "t0" ON "t0"."B" = "public"."Tag"."id" WHERE (1=1 AND "t0"."A" IN ($1)) OFFSET $2',
    inTransaction: true,
  },
  {
    sql: 'DELETE FROM "public"."_PostToTag" WHERE ("public"."_PostToTag"."A" = ($1) AND "public"."_PostToTag"."B" IN ($2))',
    inTransaction: true,
  },
  {
    sql: 'SELECT "public"."Tag"."id" FROM "public"."Tag" WHERE ("public"."Tag"."name" = $1 AND 1=1) OFFSET $2',
    inTransaction: true,
  },
  {
    sql: 'SELECT "public"."Tag"."id", "t1"."A" AS "PostToTag@Post" FROM "public"."Tag" INNER JOIN "public"."_PostToTag" AS "t1" ON "t1"."B" = "public"."Tag"."id" WHERE ("public"."Tag"."name" = $1 AND 1=1 AND "t1"."A" IN ($2)) OFFSET $3',
    inTransaction: true,
  },
  {
    sql: 'DELETE FROM "public"."_PostToTag" WHERE ("public"."_PostToTag"."A" = ($1) AND "public"."_PostToTag"."B" IN (NULL))',
    inTransaction: true,
  },
  {
    sql: 'SELECT "t2"."id", "t2"."title", "t2"."views", "t2"."published", "t2"."authorId" FROM "public"."Post" AS "t2" WHERE "t2"."id" = $1 LIMIT $2',
    inTransaction: true,
  },
  {
    sql: 'UPDATE "public"."User" SET "name" = $1, "score" = ("public"."User"."score" * $2), "updatedAt" = $3 WHERE "public"."User"."role" = CAST($4::text AS "public"."Role")',
  },
  {
    sql: 'UPDATE "public"."User" SET "settings" = $1, "updatedAt" = $2 WHERE EXISTS(SELECT "t0"."authorId" FROM "public"."Post" AS "t0" WHERE (1=1 AND ("public"."User"."id") = ("t0"."authorId") AND "t0"."authorId" IS NOT NULL))',
  },
  {
    sql: 'UPDATE "public"."User" SET "name" = $1, "updatedAt" = $2 WHERE "public"."User"."id" = $3 RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
  },
  {
    sql: 'INSERT INTO "public"."User" ("email","role","score","createdAt","updatedAt") VALUES ($1,CAST($2::text AS "public"."Role"),$3,$4,$5) ON CONFLICT ("email") DO UPDATE SET "name" = $6, "updatedAt" = $7 WHERE ("public"."User"."email" = $8 AND 1=1) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
  },
  {
    sql: 'SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."email" = $1 AND 1=1) OFFSET $2',
    inTransaction: true,
  },
  {
    sql: `SELECT "t5"."id", "t5"."email", "t5"."name", "t5"."role"::text, "t5"."settings", "t5"."score", "t5"."big", "t5"."photo", "t5"."labels", "t5"."createdAt", "t5"."updatedAt", "t5"."managerId", "User_posts"."__prisma_data__" AS "posts" FROM "public"."User" AS "t5" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t8"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t7"."id", 'title', "t7"."title", 'views', "t7"."views", 'published', "t7"."published", 'authorId', "t7"."authorId") AS "__prisma_data__" FROM (SELECT "t6".* FROM "public"."Post" AS "t6" WHERE "t5"."id" = "t6"."authorId" /* root select */) AS "t7" /* inner select */) AS "t8" /* middle select */) AS "t9" /* outer select */) AS "User_posts" ON true WHERE "t5"."id" = $1 LIMIT $2`,
    inTransaction: true,
  },
  {
    sql: 'INSERT INTO "public"."Membership" ("userId","teamId","since") VALUES ($1,$2,$3) ON CONFLICT ("userId","teamId") DO UPDATE SET "since" = $4 WHERE (("public"."Membership"."userId" = $5 AND "public"."Membership"."teamId" = $6) AND 1=1) RETURNING "public"."Membership"."userId", "public"."Membership"."teamId", "public"."Membership"."since"',
  },
  {
    sql: `SELECT "t0"."userId", "t0"."teamId", "t0"."since", "Membership_user"."__prisma_data__" AS "user", "Membership_team"."__prisma_data__" AS "team" FROM "public"."Membership" AS "t0" LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t1"."id", 'email', "t1"."email", 'name', "t1"."name", 'role', "t1"."role", 'settings', "t1"."settings", 'score', "t1"."score", 'big', "t1"."big"::text, 'photo', "t1"."photo", 'labels', "t1"."labels", 'createdAt', "t1"."createdAt", 'updatedAt', "t1"."updatedAt", 'managerId', "t1"."managerId") AS "__prisma_data__" FROM "public"."User" AS "t1" WHERE "t0"."userId" = "t1"."id" LIMIT $1) AS "Membership_user" ON true LEFT JOIN LATERAL (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'name', "t2"."name") AS "__prisma_data__" FROM "public"."Team" AS "t2" WHERE "t0"."teamId" = "t2"."id" LIMIT $2) AS "Membership_team" ON true WHERE (("t0"."userId" = $3 AND "t0"."teamId" = $4) AND 1=1) LIMIT $5`,
  },
  {
    sql: 'SELECT "t0"."id", "t0"."email", "t0"."name", "t0"."role"::text, "t0"."settings", "t0"."score", "t0"."big", "t0"."photo", "t0"."labels", "t0"."createdAt", "t0"."updatedAt", "t0"."managerId" FROM "public"."User" AS "t0" WHERE "t0"."id" IN ($1,$2,$3)',
  },
  {
    sql: `SELECT "t0"."id", "User_posts"."__prisma_data__" AS "posts" FROM "public"."User" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'title', "t2"."title", 'views', "t2"."views", 'published', "t2"."published", 'authorId', "t2"."authorId") AS "__prisma_data__", "t2"."published" FROM (SELECT "t1".* FROM "public"."Post" AS "t1" WHERE "t0"."id" = "t1"."authorId" /* root select */) AS "t2" /* inner select */) AS "t3" WHERE "t3"."published" = $1 /* middle select */) AS "t4" /* outer select */) AS "User_posts" ON true WHERE ("t0"."id" = $2 AND 1=1) LIMIT $3`,
  },
  { sql: 'UPDATE "public"."Post" SET "views" = $1 WHERE 1=1', inTransaction: true },
  { sql: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', inTransaction: true },
  {
    sql: 'UPDATE "public"."User" SET "name" = $1, "updatedAt" = $2 WHERE ("public"."User"."id" = $3 AND 1=1) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
    inTransaction: true,
  },
  { sql: 'SELECT 1 AS one', inTransaction: true },
  { sql: `SELECT set_config('app.org_id', $1, true)`, inTransaction: true },
  { sql: `SET LOCAL statement_timeout = '5s'`, inTransaction: true },
  { sql: 'SELECT pg_advisory_xact_lock($1::bigint)', inTransaction: true },
  {
    sql: 'INSERT INTO "public"."User" ("email","role","score","createdAt","updatedAt") VALUES ($1,CAST($2::text AS "public"."Role"),$3,$4,$5) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
    inTransaction: true,
  },
  { sql: 'ROLLBACK', inTransaction: true },
  { sql: 'SELECT id, name FROM "User" WHERE email = $1 AND id IN ($2,$3)' },
  { sql: 'UPDATE "Post" SET views = views + $1 WHERE published = $2' },
  { sql: 'SELECT count(*) FROM "Post" WHERE "authorId" = $1' },
  {
    sql: 'DELETE FROM "public"."Post" WHERE EXISTS(SELECT "t0"."id" FROM "public"."User" AS "t0" WHERE ("t0"."email" = $1 AND ("public"."Post"."authorId") = ("t0"."id") AND "t0"."id" IS NOT NULL))',
  },
  {
    sql: 'DELETE FROM "public"."User" WHERE ("public"."User"."email" = $1 AND 1=1) RETURNING "public"."User"."id", "public"."User"."email", "public"."User"."name", "public"."User"."role"::text, "public"."User"."settings", "public"."User"."score", "public"."User"."big", "public"."User"."photo", "public"."User"."labels", "public"."User"."createdAt", "public"."User"."updatedAt", "public"."User"."managerId"',
  },
  { sql: 'DELETE FROM "public"."Tag" WHERE 1=1' },
]
