import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const service = join(import.meta.dirname, '..')

/** Generates the Prisma client if it is missing or older than its schema. */
export async function generatePrismaClient(): Promise<void> {
  const [schema, client] = [join(service, 'prisma', 'schema.prisma'), join(service, 'generated', 'client.ts')]
  if ((await modifiedAtMillis(client)) >= (await modifiedAtMillis(schema))) return
  const prisma = join(service, 'node_modules', 'prisma', 'build', 'index.js')
  // `generate` needs no schema engine, but downloads it unless another program is named instead.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' }
  await run(process.execPath, [prisma, 'generate', '--schema', schema], { cwd: service, env })
}

/** `-Infinity` for a missing file. */
async function modifiedAtMillis(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => -Infinity,
  )
}

if (import.meta.main) await generatePrismaClient()
