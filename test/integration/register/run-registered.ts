import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The output of a process, and the way it ended. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export const applications: string = join(import.meta.dirname, 'applications')

/** Options that load the packages from their sources. */
const fromSources: readonly string[] = ['--conditions=@poolsafe/source']

/** Runs Node with these arguments in a folder. Variables of poolsafe come from `env` alone. */
export function runNode(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd: string = applications,
): Promise<Ran> {
  const others = Object.entries(process.env).filter(([name]) => !/^POOLSAFE_|^VITEST|^NODE_(?!EXTRA)/.test(name))
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...fromSources, ...args],
      { cwd, env: { ...Object.fromEntries(others), ...env } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

/** Runs an application with the register. */
export function runRegistered(application: string, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return runNode(['--import', '@poolsafe/register', application], env)
}

/** The names of the settings `app.<name>` that a process was told of. */
export function settingsFoundIn({ stderr }: Ran): string[] {
  return [...stderr.matchAll(/^\[poolsafe\] SET app\.(\w+) stays/gm)].map(([, name]) => name ?? '')
}

/** Writes files into a folder beside the applications, where packages are found. It goes when the test has ended. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  return folderIn(applications, files)
}

/** The same in another folder. */
export function folderIn(parent: string, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(parent, 'temporary-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}
