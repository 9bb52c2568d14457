import { createGuard } from '@poolsafe/core'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { prisma6 } from '../prisma-6/prisma-6.ts'

const home = mkdtempSync(join(tmpdir(), 'poolsafe-migrate-'))
const password = 'h0rse-battery'
const urls = {
  shared: `postgresql://postgres.ref:${password}@aws-0-eu-central-1.pooler.supabase.com:6543/postgres`,
  session: `postgresql://postgres.ref:${password}@aws-0-eu-central-1.pooler.supabase.com:5432/postgres`,
  direct: `postgresql://postgres:${password}@db.abcdefgh.supabase.co:5432/postgres`,
  neonPooled: `postgresql://u:${password}@ep-cool-name-123456-pooler.eu-central-1.aws.neon.tech/db`,
  parameter: `postgresql://u:${password}@db.internal:5432/db?pgbouncer=true`,
  plain: `postgresql://u:${password}@db.internal:5432/db`,
}

let root: string
let made = 0
/** Each project names its variable differently: the process is told once of each. */
let variable: string
beforeEach(() => {
  root = join(home, `project_${++made}`)
  variable = `DATABASE_URL_${made}`
  mkdirSync(root, { recursive: true })
  vi.spyOn(process, 'cwd').mockReturnValue(root)
  vi.stubEnv('NODE_ENV', 'development')
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})
afterAll(() => rmSync(home, { recursive: true }))

function write(name: string, text: string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true })
  writeFileSync(join(root, name), text)
}

/** The command line of this version is installed in the project. */
function install(version: string): void {
  write('node_modules/prisma/package.json', JSON.stringify({ name: 'prisma', version }))
}

/** Returns the guard's log if the adapter is guarded and the client is extended. */
function start(Client: typeof PrismaClient = PrismaClient): string[] {
  const logged: string[] = []
  const guard = createGuard({ logger: { warn: (line) => logged.push(line) } })
  const adapter = guardAdapter(new PrismaPg({ connectionString: urls.plain }), guard)
  new Client({ adapter }).$extends(poolsafe(guard))
  expect(logged.join('\n')).not.toContain(password)
  return logged
}

function config(datasource: string, first = "import { defineConfig, env } from 'prisma/config'"): string {
  return `${first}\n\nexport default defineConfig({\n  schema: 'prisma/schema.prisma',\n  ${datasource}\n})\n`
}

const schema = (datasource: string): string =>
  `generator client {\n  provider = "prisma-client-js"\n}\n\ndatasource db {\n  provider = "postgresql"\n${datasource}\n}\n`

describe('the datasource of prisma.config.ts (Prisma 7)', () => {
  beforeEach(() => install('7.10.1'))

  it('is reported once if it is pooled, with the remedy and without its URL', () => {
    vi.stubEnv(variable, urls.shared)
    write('prisma.config.ts', config(`datasource: { url: env('${variable}') },`))
    const logged = [...start(), ...start()]
    expect(logged).toHaveLength(1)
    expect(logged[0]).toMatch(
      /^\[poolsafe\] prisma migrate and prisma db push would go through a pooler: Supabase, shared pooler/,
    )
    expect(logged[0]).toContain(
      `found      url of the datasource in prisma.config.ts, ${variable}: the host is Supabase’s`,
    )
    expect(logged[0]).toContain("url: env('DIRECT_URL') in the datasource, with the unpooled URL")
    expect(logged[0]).toContain('at Supabase the session pooler, port 5432')
    expect(logged[0]).not.toContain('pooler.supabase.com:6543')
    expect(logged[0]).not.toContain('aws-0')
  })

  it.each([
    ['process.env', (name: string) => `datasource: { url: process.env.${name}! },`],
    ['process.env by key', (name: string) => `datasource: { url: process.env['${name}'] as string },`],
    ['a fallback', (name: string) => `datasource: { url: process.env.NOT_SET ?? env('${name}') },`],
    ['a typed env()', (name: string) => `datasource: { shadowDatabaseUrl: env('X'), url: env<Env>("${name}"), },`],
    [
      'comments',
      (name: string) => `// datasource: { url: env('OTHER') },\n datasource: { /* url: 'x' */ url: env('${name}') },`,
    ],
    ['a text', () => `datasource: { url: '${urls.neonPooled}' },`],
    [
      'a directUrl, which it does not take',
      (name: string) => `datasource: { url: env('${name}'), directUrl: env('DIRECT') },`,
    ],
  ])('is read as %s', (_, datasource) => {
    vi.stubEnv(variable, urls.neonPooled)
    vi.stubEnv('DIRECT', urls.plain)
    write('prisma.config.ts', config(datasource(variable)))
    expect(start().join()).toContain('would go through a pooler: Neon')
  })

  it('takes its variables from .env if the file loads it', () => {
    write('.env', `${variable}="${urls.parameter}"\n`)
    write(
      'prisma.config.ts',
      config(`datasource: { url: env('${variable}') },`, "import 'dotenv/config'\nimport { env } from 'prisma/config'"),
    )
    expect(start()).toEqual([expect.stringContaining('would go through a pooler: PgBouncer')])
    expect(process.env[variable]).toBeUndefined()
  })

  it.each(['.config/prisma.ts', 'prisma.config.mjs', 'prisma.config.cts'])('may be in %s', (name) => {
    vi.stubEnv(variable, urls.shared)
    write(name, config(`datasource: { url: env('${variable}') },`))
    expect(start()).toEqual([expect.stringContaining(`in ${name}, ${variable}`)])
  })

  it.each(['session', 'direct', 'plain'] as const)(
    'is nothing to report with a URL that is not pooled (%s)',
    (which) => {
      vi.stubEnv(variable, urls[which])
      write('prisma.config.ts', config(`datasource: { url: env('${variable}') },`))
      expect(start()).toEqual([])
    },
  )

  it.each([
    ['a call', (name: string) => `datasource: { url: urlOf('${name}') },`],
    ['a variable', () => 'datasource: { url },'],
    ['a spread', () => 'datasource: { ...shared },'],
    ['a template', (name: string) => `datasource: { url: \`\${env('${name}')}?a=b\` },`],
    ['another object', () => 'datasource,'],
    ['no datasource', () => ''],
    ['a file that ends too early', () => "datasource: { url: 'postgres"],
  ])('is not guessed from %s', (_, datasource) => {
    vi.stubEnv(variable, urls.shared)
    write('prisma.config.ts', config(datasource(variable)))
    expect(start()).toEqual([])
  })
})

describe('the datasource of the schema (Prisma 6)', () => {
  const start6 = (): string[] => start(prisma6.PrismaClient)
  beforeEach(() => install('6.19.3'))

  it('is reported if it is pooled and there is no directUrl', () => {
    vi.stubEnv(variable, urls.shared)
    write('prisma/schema.prisma', schema(`  url = env("${variable}")`))
    expect(start6()).toEqual([expect.stringContaining('add directUrl = env("DIRECT_URL") to the datasource')])
  })

  it('is read from .env, and from the path in package.json, also of a folder', () => {
    write('prisma/.env', `${variable}=${urls.shared}\n`)
    write('package.json', JSON.stringify({ prisma: { schema: 'db' } }))
    write('db/a.prisma', 'model A {\n  id Int @id\n}\n')
    write('db/b.prisma', schema(`  url = env("${variable}") // "url"`))
    expect(start6()).toEqual([expect.stringContaining(`url of the datasource in db/b.prisma, ${variable}`)])
  })

  it('is reported if the directUrl is the pooled one', () => {
    vi.stubEnv(variable, urls.shared)
    write('schema.prisma', schema(`  url = "${urls.plain}"\n  directUrl = env("${variable}")`))
    expect(start6()).toEqual([expect.stringContaining(`directUrl of the datasource in schema.prisma, ${variable}`)])
  })

  it('is nothing to report with a direct directUrl, in the schema or in the configuration file', () => {
    vi.stubEnv(variable, urls.shared)
    vi.stubEnv('DIRECT', urls.direct)
    write('prisma/schema.prisma', schema(`  url = env("${variable}")\n  directUrl = env("DIRECT")`))
    expect(start6()).toEqual([])
    write('prisma.config.ts', config(`datasource: { url: env('${variable}'), directUrl: env('DIRECT') },`))
    expect(start6()).toEqual([])
  })

  it('is where the configuration file says', () => {
    vi.stubEnv(variable, urls.shared)
    write('prisma.config.ts', "export default { schema: 'other/my.prisma' }")
    write('other/my.prisma', schema(`  url = env("${variable}")`))
    expect(start6()).toEqual([expect.stringContaining('in other/my.prisma')])
  })
})

describe('an application', () => {
  beforeEach(() => {
    install('7.10.1')
    vi.stubEnv(variable, urls.shared)
    write('prisma.config.ts', config(`datasource: { url: env('${variable}') },`))
  })

  it.each(['production', 'staging', ''])('is told nothing, and no file is read, with NODE_ENV %s', (value) => {
    vi.stubEnv('NODE_ENV', value)
    const builtin = vi.spyOn(process, 'getBuiltinModule')
    expect(start()).toEqual([])
    expect(builtin).not.toHaveBeenCalledWith('node:fs')
  })

  it('is told nothing with mode off', () => {
    const builtin = vi.spyOn(process, 'getBuiltinModule')
    const guard = createGuard({ mode: 'off' })
    new PrismaClient({ adapter: guardAdapter(new PrismaPg({}), guard) }).$extends(poolsafe(guard))
    expect(builtin).not.toHaveBeenCalledWith('node:fs')
  })

  it('starts in strict mode all the same', () => {
    const logged: string[] = []
    const guard = createGuard({ mode: 'strict', logger: { warn: (line) => logged.push(line) } })
    guardAdapter(new PrismaPg({ connectionString: urls.plain }), guard)
    expect(logged).toHaveLength(1)
  })

  it('starts with files that cannot be read, and runs none', () => {
    write('prisma.config.ts', `throw new Error('was run')\n${readFileSync(join(root, 'prisma.config.ts'), 'utf8')}`)
    expect(start()).toHaveLength(1)
    write('prisma.config.ts', "export default { schema: 'missing' }")
    install('6.19.3')
    expect(start()).toEqual([])
    write('package.json', 'not JSON')
    write('prisma.config.ts', '')
    expect(start()).toEqual([])
    vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw new Error('ENOENT: the folder is gone')
    })
    expect(start()).toEqual([])
  })
})
