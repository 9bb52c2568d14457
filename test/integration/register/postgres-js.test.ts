import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { runNode, runRegistered, settingsFoundIn } from './run-registered.ts'

let server: SharedPostgres
let env: NodeJS.ProcessEnv
beforeAll(async () => {
  server = await sharedPostgres()
  env = { DATABASE_URL: server.url }
})
afterAll(() => server.stop())

describe.each(['postgres-js.mjs', 'postgres-js.cjs'])('the register, in %s', (application) => {
  it('finds what postgres.js sends, with the line of the application, and changes no result', async () => {
    const [plain, registered] = [await runNode([application], env), await runRegistered(application, env)]
    expect(registered).toMatchObject({ code: 0, stdout: plain.stdout })
    expect(plain.stderr).toBe('')
    expect(settingsFoundIn(registered)).toEqual(['template', 'unsafe', 'begin', 'reserve'])
    expect(registered.stderr).toContain('postgres-js-calls.cjs:8:')
    expect(registered.stderr).not.toContain('not guarded')
  })

  it('refuses it in strict mode', async () => {
    const { code, stdout } = await runRegistered(application, { ...env, POOLSAFE_MODE: 'strict' })
    expect(code).toBe(0)
    expect(stdout.match(/UnsafeStatementError/g)).toHaveLength(4)
    expect(stdout).toContain('error: 42703')
  })

  it('is silent with POOLSAFE_MODE=off', async () => {
    const plain = await runNode([application], env)
    expect(await runRegistered(application, { ...env, POOLSAFE_MODE: 'off' })).toEqual(plain)
  })
})

it('leaves an sql that the application guards itself its own guard', async () => {
  const { code, stdout, stderr } = await runRegistered('postgres-js-own-guard.mjs', env)
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({ found: ['SET app.other = ?'], own: 4, pools: 1 })
  expect(settingsFoundIn({ code, stdout, stderr })).toEqual(['other'])
})
