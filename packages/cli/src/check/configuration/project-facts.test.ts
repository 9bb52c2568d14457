import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'

const supabase = 'postgres://a:b@aws-0-eu-central-1.pooler.supabase.com:6543/postgres'
const neon = 'postgres://a:b@ep-a-pooler.eu.aws.neon.tech/app'
const schema =
  'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n  directUrl = env("DIRECT_URL")\n}\n'
const drizzle =
  "import { defineConfig } from 'drizzle-kit'\nexport default defineConfig({ dialect: 'postgresql', dbCredentials: { url: process.env.DATABASE_URL! } })\n"

async function linesOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { out } = await runCli(['check', '--format', 'concise'], { cwd: writeProject(files) })
  return out.split('\n').filter((line) => line !== '')
}

describe("Prisma's own engine behind a pooler", () => {
  it('is found by the schema and the URL', async () => {
    const [found = '', ...more] = await linesOf({
      'prisma/schema.prisma': schema,
      '.env.example': `DATABASE_URL=${supabase}\n`,
    })
    expect(found).toMatch(
      /^\.env\.example:1:14: error: DATABASE_URL leads to a pooler without pgbouncer=true.*session\/named-statement/,
    )
    expect(more).toEqual([])
  })

  it.each([
    ['pgbouncer=true', { '.env.example': `DATABASE_URL=${supabase}?pgbouncer=true\n` }],
    [
      'a driver adapter',
      {
        '.env.example': `DATABASE_URL=${supabase}\n`,
        'package.json': '{ "dependencies": { "@prisma/adapter-pg": "7" } }',
      },
    ],
    ['another variable', { '.env.example': `OTHER_URL=${supabase}\n` }],
    ['no pooler', { '.env.example': 'DATABASE_URL=postgres://a:b@localhost:5432/app\n' }],
  ])('is silent with %s', async (_, files) => {
    expect(await linesOf({ 'prisma/schema.prisma': schema, ...files })).toEqual([])
  })
})

describe('migrations over a pooled URL', () => {
  it('in the configuration of drizzle-kit', async () => {
    const [found = ''] = await linesOf({ 'drizzle.config.ts': drizzle, '.env.example': `DATABASE_URL=${neon}\n` })
    expect(found).toMatch(
      /^drizzle\.config\.ts:2:76: note: drizzle-kit migrates over the pooler.*connection\/wrong-profile/,
    )
  })

  it('in the configurations of Knex, TypeORM and Prisma', async () => {
    const found = await linesOf({
      'knexfile.js':
        "module.exports = { client: 'pg', connection: process.env.POOL_URL, migrations: { directory: 'm' } }",
      'src/data-source.ts': "new DataSource({ type: 'postgres', url: process.env.POOL_URL, migrationsRun: true })",
      'prisma.config.ts':
        "import { defineConfig, env } from 'prisma/config'\nexport default defineConfig({ datasource: { url: env('POOL_URL') } })",
      '.env': `POOL_URL=${neon}\n`,
    })
    expect(found.map((line) => line.replace(/:.*/, ''))).toEqual([
      'knexfile.js',
      'prisma.config.ts',
      'src/data-source.ts',
    ])
  })

  it.each([
    ['the URL is not pooled', 'DATABASE_URL=postgres://a:b@localhost:5432/app\n'],
    ['nothing says where it leads', ''],
  ])('are silent if %s', async (_, env) => {
    expect(await linesOf({ 'drizzle.config.ts': drizzle, '.env.example': env })).toEqual([])
  })

  it('are allowed by a comment', async () => {
    const allowed = drizzle.replace('export', '// poolsafe-allow connection/wrong-profile: only in development\nexport')
    expect(await linesOf({ 'drizzle.config.ts': allowed, '.env.example': `DATABASE_URL=${neon}\n` })).toEqual([])
  })
})
