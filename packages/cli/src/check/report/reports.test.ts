import type { Log } from 'sarif'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'

const files = {
  'src/a b/ü.ts': 'await pool.query(\'SET search_path = "<a>"\')\nawait pool.query(\'SET search_path = "<a>"\')\n',
  'prisma/migrations/1/migration.sql': "SET lock_timeout = '1s';\n",
}

async function report(format: string): Promise<string> {
  return (await runCli(['check', '--format', format], { cwd: writeProject(files) })).out
}

describe('SARIF', () => {
  it('has rules, places, levels and fingerprints', async () => {
    const { version, runs } = JSON.parse(await report('sarif')) as Log
    const [{ tool, results = [] }] = runs as [Log['runs'][number]]
    expect(version).toBe('2.1.0')
    expect(tool.driver.rules?.map(({ id }) => id)).toEqual(['session/set'])
    expect(results.map(({ level, ruleIndex }) => [level, ruleIndex])).toEqual([
      ['note', 0],
      ['error', 0],
      ['error', 0],
    ])
    expect(results[1]?.locations).toEqual([
      {
        physicalLocation: {
          artifactLocation: { uri: 'src/a%20b/%C3%BC.ts' },
          region: { startLine: 1, startColumn: 19, endLine: 1, endColumn: 42 },
        },
      },
    ])
    expect(results[1]?.partialFingerprints).toEqual(results[2]?.partialFingerprints)
  })
})

describe('annotations of GitHub', () => {
  it('escape what ends a property', async () => {
    const lines = (await report('github')).split('\n')
    expect(lines[0]).toMatch(
      /^::notice file=prisma\/migrations\/1\/migration\.sql,line=1,endLine=1,col=1,endColumn=\d+,title=session\/set::SET lock_timeout/,
    )
    expect(lines[1]).toMatch(/^::error file=src\/a b\/ü\.ts,line=1,/)
  })

  it('follow the report for people under Actions', async () => {
    const cwd = writeProject(files)
    const env = { GITHUB_ACTIONS: 'true' }
    const { out } = await runCli(['check'], { cwd, env })
    expect(out).toContain('2 findings in 1 file')
    expect(out).toContain('::error file=')
    expect((await runCli(['check', '--format', 'concise'], { cwd, env })).out).not.toContain('::error')
  })
})

describe('code quality of GitLab', () => {
  it('has unique fingerprints', async () => {
    const issues = JSON.parse(await report('gitlab')) as Record<string, unknown>[]
    expect(new Set(issues.map(({ fingerprint }) => fingerprint)).size).toBe(3)
    expect(issues[1]).toMatchObject({
      check_name: 'session/set',
      severity: 'major',
      location: { path: 'src/a b/ü.ts', lines: { begin: 1, end: 1 } },
    })
  })
})

describe('JUnit', () => {
  it('has one failure for each finding, and no note', async () => {
    const xml = await report('junit')
    expect(xml).toMatch(
      /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites name="poolsafe" tests="2" failures="2"/,
    )
    expect(xml.match(/<failure /g)).toHaveLength(2)
    expect(xml).toContain('<testsuite name="src/a b/ü.ts" tests="2" failures="2">')
  })

  it('has one passed test if nothing is found', async () => {
    const { out } = await runCli(['check', '--format', 'junit'], { cwd: writeProject({ 'a.ts': '' }) })
    expect(out).toContain('<testsuite name="poolsafe" tests="1" failures="0">')
  })
})

describe('HTML', () => {
  it('is one page with every finding and no source of its own from elsewhere', async () => {
    const page = await report('html')
    expect(page.match(/<article /g)).toHaveLength(3)
    expect(page).not.toMatch(/<(?:link|img|script src)/)
    expect(page).not.toContain('<a>')
  })
})

it('--output writes the report to a file', async () => {
  const cwd = writeProject(files)
  const { exitCode, out } = await runCli(['check', '--format', 'json', '--output', 'report.json'], { cwd })
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
})

it('several poolers are compared in a table', async () => {
  const { out } = await runCli(['check', '--pooler', 'pgbouncer@1.24,direct'], { cwd: writeProject(files) })
  expect(out).toMatch(/\nfindings +notes +behind\n2 +1 +PgBouncer 1\.24, transaction mode\n2 +0 +direct connection\n/)
})
