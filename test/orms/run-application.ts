import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { runNode, type Ran } from '../integration/register/run-registered.ts'
import { sharedPostgres } from '../support/servers/shared-postgres.ts'
import type { Found, Printed } from './applications/application.ts'

/** Arguments of Node that guard the process. */
export const register: readonly string[] = ['--import', '@poolsafe/register']

/** Runs an application of this folder in an empty database, through the server or pooler at a port. */
export async function runApplication(
  script: string,
  through: { readonly port: number },
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Printed> {
  const ran = await runInDatabase(script, through, args, env)
  expect(ran, ran.stderr).toMatchObject({ code: 0 })
  return JSON.parse(ran.stdout) as Printed
}

/** The same for an application that a failing statement ends. @returns its error, as text, and its exit code */
export async function runFailing(
  script: string,
  through: { readonly port: number },
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Pick<Ran, 'code' | 'stdout'>> {
  const { code, stdout } = await runInDatabase(script, through, args, { ...env, FAILS: 'true' })
  return { code, stdout }
}

async function runInDatabase(
  script: string,
  through: { readonly port: number },
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Ran> {
  const database = await sharedPostgres()
  onTestFinished(() => database.stop({ force: true }))
  const url = new URL(database.url)
  url.port = String(through.port)
  return runNode([...args, script], { DATABASE_URL: url.href, POOLSAFE_LOG: 'off', ...env }, import.meta.dirname)
}

/** The path of an application, relative to this folder. */
export function pathOf(name: string): string {
  return join('applications', `${name}.ts`)
}

const planted = 'SET app.tenant = ?'

/** Splits what was found into what the application plants and what its ORM sends. */
export function split(findings: readonly Found[]): {
  readonly planted: readonly Found[]
  readonly own: readonly Found[]
} {
  return {
    planted: findings.filter(({ statement }) => statement === planted),
    own: findings.filter(({ statement }) => statement !== planted),
  }
}
