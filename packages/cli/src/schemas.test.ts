import { describe, expect, it } from 'vitest'
import { runCli } from '../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../test/support/cli/project.ts'
import { errorsByOwnSchema, schemaErrors } from '../../../test/support/cli/schema-errors.ts'

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
    expect(errorsByOwnSchema(out)).toBeNull()
  })

  it.each(['SET search_path = a', 'SELECT 1', 'BEGIN; SELECT pg_advisory_lock(1); SET LOCAL a = 1', 'no SQL at all'])(
    'explain %j',
    async (sql) => {
      const { out } = await runCli(['explain', '--json', sql])
      expect(errorsByOwnSchema(out)).toBeNull()
    },
  )

  it.each([
    [[]],
    [['--cores', '8', '--processes', '12', '--rps', '600', '--mean', '4', '--poolers', '2']],
    [['--rps', '100000', '--max-connections', '20']],
    [['--rps', '200', '--mean', '6', '--p99', '40', '--simulate']],
    [['--rps', '100000', '--simulate']],
  ])('size %j', async (args) => {
    const { out } = await runCli(['size', '--format', 'json', ...args])
    expect(errorsByOwnSchema(out)).toBeNull()
  })

  it('size --table, whose examples have no room for its address', async () => {
    const { out } = await runCli(['size', '--format', 'json', '--table'])
    expect(schemaErrors('size', JSON.parse(out))).toBeNull()
    expect(schemaErrors('size', JSON.parse(out.replaceAll('"Small"', '"Tiny"')))).not.toBeNull()
  })

  it('check refuses what no report has', async () => {
    const { out } = await runCli(['check', '--format', 'json'], { cwd: writeProject(files) })
    expect(errorsByOwnSchema(out.replaceAll('"level": "error"', '"level": "fatal"'))).not.toBeNull()
    expect(errorsByOwnSchema(out.replace('"millis"', '"seconds"'))).not.toBeNull()
  })
})
