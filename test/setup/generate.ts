import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const tests = join(import.meta.dirname, '..')

/** The generated Prisma clients: where the script `generate` runs, what it reads, and a file that it writes. */
const clients = [
  { folder: tests, schema: 'support/prisma/schema.prisma', output: 'generated/prisma7/client.ts' },
  {
    folder: tests,
    schema: 'chaos/application/schema.prisma',
    output: 'generated/chaos/index.js',
    script: 'generate:chaos',
  },
  { folder: join(tests, 'integration/prisma-6'), schema: 'schema.prisma', output: 'generated/index.js' },
  { folder: join(tests, '../examples/prisma-vitest'), schema: 'prisma/schema.prisma', output: 'generated/client.ts' },
  { folder: join(tests, '../examples/demo'), schema: 'prisma/schema.prisma', output: 'generated/client.ts' },
  { folder: join(tests, '../examples/service'), schema: 'prisma/schema.prisma', output: 'generated/client.ts' },
]

/**
 * For Vitest's `globalSetup`, and for whatever reads types: generates the Prisma clients that are missing or older than
 * their schema.
 */
export async function setup(): Promise<void> {
  for (const { folder, schema, output, script = 'generate' } of clients) {
    if ((await modifiedAtMillis(join(folder, output))) > (await modifiedAtMillis(join(folder, schema)))) continue
    await run('npm', ['run', '--silent', script], { cwd: folder, shell: process.platform === 'win32' })
  }
}

/** `-Infinity` for a file that is not there. */
async function modifiedAtMillis(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => -Infinity,
  )
}

if (import.meta.main) await setup()
