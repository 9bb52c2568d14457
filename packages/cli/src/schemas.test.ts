import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../test/support/cli/project.ts'

const root = resolve(import.meta.dirname, '..')

/** Validates a report by the schema that it names itself. Returns what is wrong. */
function errorsIn(report: string): unknown {
  const data = JSON.parse(report) as { readonly $schema: string }
  const path = resolve(root, data.$schema.replace(/^https:\/\/unpkg\.com\/poolsafe@[^/]+\//, ''))
  expect(existsSync(path)).toBe(true)
  const ajv = new Ajv2020({ allErrors: true, strict: true })
  const validate = ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object)
  validate(data)
  return validate.errors
}

const files = {
  'src/a.ts':
    "// poolsafe-allow session/load\nawait pool.query('SET search_path = a')\nconst q = `SET ${a} b ${c} d`\nawait pool.query(q)\n",
  'src/b.ts': 'const a = {{{\n',
  'db/1.sql': "SET lock_timeout = '1s';\n",
  '.env.example':
    'DIRECT_URL=postgres://a@b.pooler.supabase.com:6543/c\nDATABASE_URL=postgres://a@b:6432/c?statement_timeout=1\n',
  'src/c.ts': "import postgres from 'postgres'\npostgres(url)\n",
}

describe('the JSON schema of', () => {
  it.each([[[]], [['--pooler', 'pgbouncer@1.24,odyssey']], [['--rule', 'session/load']]])('check %j', async (args) => {
    const { out } = await runCli(['check', '--format', 'json', ...args], { cwd: writeProject(files) })
    expect(errorsIn(out)).toBeNull()
  })

  it.each(['SET search_path = a', 'SELECT 1', 'BEGIN; SELECT pg_advisory_lock(1); SET LOCAL a = 1', 'no SQL at all'])(
    'explain %j',
    async (sql) => {
      const { out } = await runCli(['explain', '--json', sql])
      expect(errorsIn(out)).toBeNull()
    },
  )

  it('check refuses what no report has', async () => {
    const { out } = await runCli(['check', '--format', 'json'], { cwd: writeProject(files) })
    expect(errorsIn(out.replaceAll('"level": "error"', '"level": "fatal"'))).not.toBeNull()
    expect(errorsIn(out.replace('"millis"', '"seconds"'))).not.toBeNull()
  })
})
