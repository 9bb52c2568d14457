import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../test/support/cli/fake-terminal.ts'

const cwd = join(import.meta.dirname, '../../../../examples')

async function rulesIn(folder: string): Promise<string[]> {
  const { out } = await runCli(['check', folder, '--format', 'concise'], { cwd })
  const errors = out.split('\n').filter((line) => line.includes(': error: '))
  return [...new Set(errors.map((line) => /\(([\w/-]+)\)$/.exec(line)?.[1] ?? line))].toSorted()
}

describe('the examples of this repository', () => {
  it.each(['kysely-vitest/src', 'prisma-vitest/src', 'service/src', 'service/load'])('%s is clean', async (folder) => {
    expect(await rulesIn(folder)).toEqual([])
  })

  it('the faulty Kysely application has every fault that its text shows', async () => {
    expect(await rulesIn('kysely-vitest/faulty')).toEqual([
      'session/held-cursor',
      'session/listen',
      'session/prepared-statement',
      'session/sequence-value',
      'session/set',
      'session/set-config',
      'session/temp-object',
    ])
  })

  it('the faulty Prisma application has every fault that its text shows', async () => {
    expect(await rulesIn('prisma-vitest/faulty')).toEqual([
      'session/advisory-lock',
      'session/set-config',
      'session/temp-object',
    ])
  })
})
