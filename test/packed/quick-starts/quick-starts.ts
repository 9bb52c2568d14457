/** The quick start of a library, as its documentation has it. */
export interface QuickStart {
  readonly name: string
  /** The packages that npm installs in addition to `poolsafe`. */
  readonly packages: readonly string[]
  /** The rules that are found. */
  readonly rules: readonly string[]
  /** True if the library itself sends what is found; otherwise the application has one raw statement for it. */
  readonly isOwn?: true
  /** The first finding must come sooner, in seconds, counted from `npm init`. @default 60 */
  readonly mostSeconds?: number
  /** Files beside the application, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** Runs once before the application. */
  readonly prepare?: readonly [command: string, ...args: string[]]
}

const raw = ['session/set']

/** All of them, with the versions that the tests use. */
export const quickStarts: readonly QuickStart[] = [
  { name: 'typeorm', packages: ['typeorm@1.1.1', 'reflect-metadata@0.2.2', 'pg'], rules: raw },
  { name: 'sequelize', packages: ['sequelize@6.37.8', 'pg'], rules: ['session/set'], isOwn: true },
  { name: 'knex', packages: ['knex@3.3.0', 'pg'], rules: raw },
  { name: 'objection', packages: ['objection@3.1.5', 'knex@3.3.0', 'pg'], rules: raw },
  { name: 'drizzle', packages: ['drizzle-orm@0.45.4', 'pg'], rules: raw },
  { name: 'mikro-orm', packages: ['@mikro-orm/postgresql@7.2.5', '@mikro-orm/core@7.2.5'], rules: raw, isOwn: true },
  {
    name: 'slonik',
    packages: ['slonik@49.10.9'],
    rules: ['connection/startup-parameter', 'session/discard'],
    isOwn: true,
  },
  { name: 'pg-boss', packages: ['pg-boss@12.38.0'], rules: raw },
  {
    name: 'graphile-worker',
    packages: ['graphile-worker@0.18.0'],
    rules: ['session/listen', 'session/named-statement'],
    isOwn: true,
  },
  {
    name: 'prisma',
    packages: ['prisma@7.10.1', '@prisma/client@7.10.0', '@prisma/adapter-pg@7.10.1'],
    rules: raw,
    files: {
      'schema.prisma': `generator client {
  provider = "prisma-client"
  output   = "./generated"
}
datasource db {
  provider = "postgresql"
}
model User {
  id   Int    @id @default(autoincrement())
  name String
}
`,
    },
    prepare: ['npx', 'prisma', 'generate', '--schema', 'schema.prisma'],
  },
  { name: 'kysely', packages: ['kysely@0.29.9', 'pg'], rules: raw },
  {
    name: 'next',
    packages: ['next@16.4.6', 'react', 'react-dom', 'pg'],
    rules: raw,
    files: {
      'next.config.mjs': 'export default { outputFileTracingRoot: import.meta.dirname }\n',
      'app/layout.js': 'export default ({ children }) => <html><body>{children}</body></html>\n',
      'app/api/route.js': `import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
export const dynamic = 'force-dynamic'

export async function GET() {
  await pool.query("SET statement_timeout = '5s'")
  return Response.json({ done: true })
}
`,
    },
    prepare: ['npx', 'next', 'build'],
    mostSeconds: 120,
  },
]
