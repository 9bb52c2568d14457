import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestProject } from 'vitest/node'

/**
 * For Vitest's `globalSetup`: the server of `sharedPostgres()`. In a process of its own, as Vitest loads its setup
 * files without the condition that leads to the packages' sources.
 */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const program = join(import.meta.dirname, '../support/servers/serve-postgres.ts')
  const child = spawn(process.execPath, ['--conditions=@poolsafe/source', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(
      `the shared PostgreSQL did not start: its process ended with ${String(code)}; what it says is above`,
    )
  })
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [string]
  ended.catch(() => {})
  provide('sharedPostgres', JSON.parse(line) as Parameters<typeof provide<'sharedPostgres'>>[1])
  return async () => {
    child.stdin.end()
    await once(child, 'exit')
  }
}
