import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'

const source = "await prisma.$executeRawUnsafe('SET time_zone = 1')\n"
const schema = (provider: string): string =>
  `datasource db {\n  provider = ${provider}\n  url = env("DATABASE_URL")\n}\n`

/** The exit code of a check of these packages with a statement in `src/db.ts`. */
async function checkWith(
  dependencies: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Promise<number> {
  const cwd = writeProject({ 'package.json': JSON.stringify({ dependencies }), 'src/db.ts': source, ...files })
  return (await runCli(['check'], { cwd })).exitCode
}

describe('a package for another database has no findings:', () => {
  it.each([
    ['a driver of MySQL', { knex: '3', mysql2: '3' }, {}],
    ['Prisma over SQLite', { '@prisma/client': '6' }, { 'prisma/schema.prisma': schema('"sqlite"') }],
    ['Prisma, a folder of schemas', { prisma: '6' }, { 'prisma/schema/a.prisma': schema('"mysql"') }],
    ['its own driver in a repository of many', { mysql2: '3', '@a/logger': 'workspace:*' }, {}],
    ['a driver in the package around it', { mysql2: '3' }, { 'src/package.json': '{"dependencies":{"zod":"3"}}' }],
  ])('%s', async (_, dependencies, files) => {
    expect(await checkWith(dependencies, files)).toBe(0)
  })
})

describe('a package may speak to PostgreSQL:', () => {
  it.each([
    ['without a driver', { zod: '3' }, {}],
    ['with two drivers', { mysql2: '3', pg: '8' }, {}],
    ['with the driver of Prisma', { '@prisma/client': '6', 'better-sqlite3': '11' }, {}],
    [
      'with two schemas',
      { prisma: '6' },
      { 'a.prisma': schema('"sqlite"'), 'prisma/b.prisma': schema('"postgresql"') },
    ],
    ['with a provider of the environment', { prisma: '6' }, { 'schema.prisma': schema('env("PROVIDER")') }],
    ['over a package of its own', { 'better-sqlite3': '11', '@a/database': 'workspace:*' }, {}],
    ['in a package of its own', { mysql2: '3' }, { 'src/package.json': '{"dependencies":{"postgres":"3"}}' }],
    ['by a file that names it', { mysql2: '3' }, { 'src/db.ts': `// PostgreSQL only\n${source}` }],
  ])('%s', async (_, dependencies, files) => {
    expect(await checkWith(dependencies, files)).toBe(1)
  })
})
