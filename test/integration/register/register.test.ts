import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from 'tsup'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { applications, folderOf, runNode, runRegistered, settingsFoundIn } from './run-registered.ts'

let server: SharedPostgres
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  server = await sharedPostgres()
  env = { DATABASE_URL: server.url }
})
afterAll(() => server.stop())

const register = ['--import', '@poolsafe/register']
const everyUse = ['pool_promise', 'pool_callback', 'held', 'client', 'subclass']

describe.each(['pools.cjs', 'pools.mjs'])('the register, in %s', (application) => {
  it('finds what pools and clients send, and changes no result', async () => {
    const [plain, registered] = [await runNode([application], env), await runRegistered(application, env)]
    expect(registered).toMatchObject({ code: 0, stdout: plain.stdout })
    expect(plain.stderr).toBe('')
    expect(settingsFoundIn(registered)).toEqual(everyUse)
    expect(registered.stderr).toContain(`by         main (${application}:19:`)
  })

  it('refuses it in strict mode, without a second call of a method that a subclass overrides', async () => {
    const { stdout } = await runRegistered(application, { ...env, POOLSAFE_MODE: 'strict' })
    expect(stdout.match(/UnsafeStatementError/g)).toHaveLength(everyUse.length)
    expect(stdout).toContain('calls: 1\n')
  })

  it('is silent with POOLSAFE_MODE=off', async () => {
    const plain = await runNode([application], env)
    expect(await runRegistered(application, { ...env, POOLSAFE_MODE: 'off' })).toEqual(plain)
  })
})

describe('the register', () => {
  it('writes one line of JSON for each message with POOLSAFE_LOG=json', async () => {
    const { stderr } = await runRegistered('pools.mjs', { ...env, POOLSAFE_LOG: 'json' })
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly poolsafe: { readonly event: string } })
    expect(lines.filter(({ poolsafe }) => poolsafe.event === 'finding')).toHaveLength(everyUse.length)
  })

  it('writes nothing with POOLSAFE_LOG=off', async () => {
    expect((await runRegistered('pools.mjs', { ...env, POOLSAFE_LOG: 'off' })).stderr).toBe('')
  })

  it('leaves the spans of OpenTelemetry as they are', async () => {
    const [plain, registered] = [await runNode(['traced.cjs'], env), await runRegistered('traced.cjs', env)]
    expect(plain.stdout).toContain('pg-pool.connect')
    expect(registered.stdout).toBe(plain.stdout)
    expect(settingsFoundIn(registered)).toEqual(['traced_client', 'traced_pool'])
  })

  it('loads no parser for harmless statements', async () => {
    expect(await runRegistered('harmless.mjs', env)).toMatchObject({ code: 0, stdout: 'false\n' })
  })

  it('leaves a pool to the guard that the application gives it', async () => {
    const { stdout } = await runRegistered('own-guard.mjs', env)
    expect(JSON.parse(stdout)).toEqual({ found: ['SET app.other = ?'], own: 1, pools: 1 })
  })

  it('leaves the pools of a guarded dialect and of a guarded adapter to their guards', async () => {
    const { stdout, stderr } = await runRegistered('own-layers.mjs', env)
    expect(JSON.parse(stdout), stderr).toEqual({ registered: 0, kysely: 1, prisma: 1 })
  })

  it('finds copies of pg that were loaded before, with their pools and clients', async () => {
    expect(settingsFoundIn(await runNode(['late.cjs'], env))).toEqual(['late_pool', 'late_client'])
  })

  it('reaches worker threads and forked processes', async () => {
    expect(settingsFoundIn(await runNode([...register, 'processes.mjs'], env))).toEqual(['thread', 'forked'])
  })

  it('reaches every process below with NODE_OPTIONS', async () => {
    const NODE_OPTIONS = ['--conditions=@poolsafe/source', ...register].join(' ')
    const ran = await runNode(['processes.mjs'], { ...env, NODE_OPTIONS })
    expect(settingsFoundIn(ran)).toEqual(['thread', 'forked', 'spawned'])
  })

  it('guards the oldest supported pg, and several copies at once', async () => {
    const folder = folderOf({
      'two.mjs': `import newest from 'pg'
import oldest from 'pg-oldest'
for (const [name, pg] of Object.entries({ newest, oldest })) {
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
  await pool.query(\`SET app.\${name} = 1\`)
  await pool.end()
}
`,
    })
    expect(settingsFoundIn(await runNode([...register, join(folder, 'two.mjs')], env))).toEqual(['newest', 'oldest'])
  })

  it('guards a pg-pool that is imported as an ES module, without pg', async () => {
    const require = createRequire(createRequire(import.meta.url).resolve('pg'))
    const pgPool = join(require.resolve('pg-pool'), '../esm/index.mjs')
    const folder = folderOf({
      'alone.mjs': `import Pool from '${pathToFileURL(pgPool).href}'
const pool = new Pool({ connectionString: process.env.DATABASE_URL })
await pool.query('SET app.alone = 1')
await pool.end()
`,
    })
    const ran = await runNode([...register, join(folder, 'alone.mjs')], env)
    expect(settingsFoundIn(ran), ran.stderr).toEqual(['alone'])
  })

  it('guards once although it is loaded as an ES module and as CommonJS', async () => {
    const folder = folderOf({ 'both.cjs': "require('@poolsafe/register')\nimport('../one.mjs')" })
    expect(settingsFoundIn(await runNode([...register, join(folder, 'both.cjs'), 'twice'], env))).toHaveLength(1)
  })

  it('keeps the errors of a server that is not there', async () => {
    const away = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }
    const [plain, registered] = [await runNode(['one.mjs', 'x'], away), await runRegistered('pools.mjs', away)]
    expect(plain.stderr).toContain('ECONNREFUSED')
    expect(registered.stderr).toContain('ECONNREFUSED')
    expect(registered.code).toBe((await runNode(['pools.mjs'], away)).code)
  })
})

describe('connections that the register does not reach', () => {
  it('is named: another driver', async () => {
    const { code, stdout, stderr } = await runRegistered('raw-driver.mjs', env)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' })
    expect(stderr).toMatch(/^\[poolsafe\] not guarded: \S*raw-driver\.mjs:\d+ opens connections/m)
    expect(stderr.match(/not guarded/g)).toHaveLength(1)
  })

  it('is named: a copy of pg inside a bundle', async () => {
    const folder = folderOf({})
    await build({
      entry: [join(applications, 'pools.cjs')],
      outDir: folder,
      format: 'cjs',
      noExternal: [/./],
      external: ['pg-native'],
      silent: true,
      config: false,
    })
    const { code, stderr } = await runNode([...register, join(folder, 'pools.cjs')], env)
    expect(code).toBe(0)
    expect(stderr).toMatch(/not guarded: \S*pools\.cjs:\d+ opens connections to PostgreSQL/)
  })
})

describe('the configuration of the register', () => {
  const application = pathToFileURL(join(applications, 'one.mjs')).href

  async function runIn(
    files: Readonly<Record<string, string>>,
    more: NodeJS.ProcessEnv = {},
  ): ReturnType<typeof runNode> {
    const folder = folderOf({ 'app.mjs': `await import('${application}')`, ...files })
    return runNode([...register, 'app.mjs', 'configured'], { ...env, ...more }, folder)
  }

  it('comes from poolsafe.config.ts', async () => {
    const config = `import { poolers } from '@poolsafe/core'
import { defineConfig } from 'poolsafe'
export default defineConfig({ guard: { pooler: poolers.direct() } })`
    expect(await runIn({ 'poolsafe.config.ts': config })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(
      settingsFoundIn(await runIn({ 'poolsafe.config.ts': config }, { POOLSAFE_POOLER: 'pgbouncer@1.24' })),
    ).toEqual(['configured'])
  })

  it('can turn the guard off in poolsafe.config.json, and the environment can turn it on', async () => {
    const files = { 'poolsafe.config.json': '{ "guard": { "mode": "off" } }' }
    expect((await runIn(files)).stderr).toBe('')
    expect((await runIn(files, { POOLSAFE_MODE: 'strict' })).stderr).toContain('UnsafeStatementError')
  })

  it('sets the limits of pools', async () => {
    const folder = folderOf({
      'poolsafe.config.json': '{ "pool": { "acquireTimeoutMillis": 1500 } }',
      'app.mjs': `import pg from 'pg'
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
await pool.query('SELECT 1')
await pool.end()`,
    })
    expect((await runNode([...register, 'app.mjs'], env, folder)).stderr).toContain('Pool Timeout: 1.5s')
  })

  it.each([
    [{ POOLSAFE_MODE: 'strickt' }, "POOLSAFE_MODE is 'strickt': did you mean 'strict'?"],
    [
      { POOLSAFE_MOD: 'strict' },
      "an environment variable of poolsafe is 'POOLSAFE_MOD': did you mean 'POOLSAFE_MODE'?",
    ],
    [{ POOLSAFE_POOLER: 'pgbouncr' }, "POOLSAFE_POOLER: there is no pooler 'pgbouncr'; did you mean 'pgbouncer'?"],
    [{ POOLSAFE_POOLER: 'nothing-like-it' }, "POOLSAFE_POOLER: there is no pooler 'nothing-like-it'. Known poolers: "],
    [{ POOLSAFE_POOLER: 'pgbouncer@9' }, 'pgbouncer'],
    [{ POOLSAFE_LOG: 'loud' }, 'POOLSAFE_LOG must be'],
  ])('ends with an error before the application starts: %o', async (more, message) => {
    const { code, stdout, stderr } = await runIn({ 'app.mjs': "console.log('started')" }, more)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(message)
  })

  it.each([
    ['poolsafe.config.json', '{ "gaurd": {} }', "did you mean 'guard'?"],
    ['poolsafe.config.json', '{ "pool": { "acquireTimeout": 5 } }', "did you mean 'acquireTimeoutMillis'?"],
    ['poolsafe.config.ts', 'export default { guard: { mode: 5 } }', 'mode must be'],
  ])('ends with an error for a wrong %s', async (name, text, message) => {
    const { code, stdout, stderr } = await runIn({ 'app.mjs': "console.log('started')", [name]: text })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^error: @poolsafe\/register: /)
    expect(stderr).toContain(message)
    expect(stderr).toContain(name)
  })

  it('lets the application start although the standard error is closed', async () => {
    const child = spawn(process.execPath, ['--conditions=@poolsafe/source', ...register, 'pools.mjs'], {
      cwd: applications,
      env: { ...env, PATH: process.env['PATH'], POOLSAFE_LOG: 'json' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.destroy()
    expect(await once(child, 'exit')).toEqual([0, null])
  })
})
