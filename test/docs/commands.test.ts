import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli } from '../support/cli/fake-terminal.ts'
import { llmsPage, skillPage } from './agent-pages.ts'

const root = join(import.meta.dirname, '../..')
const pages = globSync(['README.md', 'docs/**/*.md', 'packages/cli/*.{md,txt}', 'packages/cli/ci/*'], { cwd: root })

/** The command lines of a page, without the comment behind them. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [
    ...text.matchAll(/\bpoolsafe (?:check|completion|explain|run|hostile|audit|doctor|size|watch)\b[^\n`"#]*/g),
  ].map(
    // What follows `--` are the options of the command that poolsafe runs.
    ([command]) => command.split(' -- ')[0]?.trim() ?? '',
  )
}

describe('the command lines of', () => {
  test.each(pages.filter((page) => commandsOf(page).length > 0))('%s have only options that exist', async (page) => {
    for (const command of commandsOf(page)) {
      const [, name = ''] = command.split(/\s+/)
      const { out } = await runCli([name, '--help'])
      const options = command.match(/(?<=\s)--[a-z-]+/g) ?? []
      expect(options.filter((option) => !new RegExp(`${option}\\b`).test(out))).toEqual([])
    }
  })
})

test.each(['README.md', ...globSync('docs/**/*.md', { cwd: root })])('the scripts of %s exist', (page) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object }
  const named = [...readFileSync(join(root, page), 'utf8').matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
  expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).toEqual([])
})

describe('the pages for coding agents', () => {
  test.each([
    ['llms.txt', llmsPage()],
    ['SKILL.md', skillPage()],
  ])('%s says what the rules say', (file, text) => {
    expect(readFileSync(join(root, 'packages/cli', file), 'utf8'), 'run npm run docs').toBe(text)
  })
})
