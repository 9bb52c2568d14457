import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Run } from './fixtures/main.ts'

/** The result of one test of the fixtures, from Vitest's JSON reporter. */
export interface Outcome {
  readonly status: string
  readonly messages: readonly string[]
}

/** A run of the fixtures in a separate process. */
export interface Finished {
  readonly exitCode: number
  /** All that was printed. */
  readonly output: string
  /** By full name. */
  readonly tests: ReadonlyMap<string, Outcome>
  /** By the file's name: what is wrong outside its tests. */
  readonly files: ReadonlyMap<string, Outcome>
  /** The output of poolsafe's reporter; empty without one. */
  readonly json: string
  readonly junit: string
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[] | null
    }[]
  }[]
}

const fixtures = join(import.meta.dirname, 'fixtures')

/** Runs the fixtures in Vitest. */
export async function runFixtures(
  url: string,
  options: Omit<Run, 'report'> & { readonly isReported: boolean },
): Promise<Finished> {
  const { isReported, times, config } = options
  const folder = mkdtempSync(join(tmpdir(), 'poolsafe-strict-'))
  try {
    const [vitest, json, junit] = ['vitest.json', 'a/folder/poolsafe.json', 'poolsafe.xml'].map((name) =>
      join(folder, name),
    ) as [string, string, string]
    const run: Run = {
      times,
      config: { ...config, outputFile: { json: vitest } },
      ...(isReported ? { report: { json, junit } } : {}),
    }
    const { exitCode, output } = await runProgram('main.ts', url, [JSON.stringify(run)])
    const { testResults } = JSON.parse(readFileSync(vitest, 'utf8')) as VitestReport
    const tests = testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(
        ({ fullName, status, failureMessages }) => [fullName, { status, messages: failureMessages ?? [] }] as const,
      ),
    )
    const files = testResults.map(
      ({ name, status, message }) => [name.slice(fixtures.length + 1), { status, messages: [message] }] as const,
    )
    const written = isReported
      ? { json: readFileSync(json, 'utf8'), junit: readFileSync(junit, 'utf8') }
      : { json: '', junit: '' }
    return { exitCode, output, tests: new Map(tests), files: new Map(files), ...written }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs one file of the fixtures to its end. */
export function runProgram(
  file: string,
  url: string,
  args: readonly string[] = [],
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const { NODE_OPTIONS: _, VITEST: __, NODE_TEST_CONTEXT: ___, ...env } = process.env
  const options = { env: { ...env, NO_COLOR: '1', POOLSAFE_FIXTURE_URL: url }, maxBuffer: 64 * 1024 * 1024 }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--conditions=@poolsafe/source', join(fixtures, file), ...args],
      options,
      (_error, stdout, stderr) => {
        resolve({ exitCode: child.exitCode ?? -1, output: stdout + stderr })
      },
    )
  })
}
