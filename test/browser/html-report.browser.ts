import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runCli } from '../support/cli/fake-terminal.ts'
import { writeProject } from '../support/cli/project.ts'
import { openPage, type Opened } from './chromium.ts'

const files = {
  'src/a.ts': 'await pool.query(\'SET search_path = "<b>"\')\n',
  'src/deep/b.ts': "await pool.query('LISTEN a')\nawait pool.query('SET search_path = b')\n",
  'prisma/migrations/1/migration.sql': "SET lock_timeout = '1s';\n",
}

/** Chooses each value of each filter, and keeps what is visible then in an attribute of the page. */
const probe = `<script>
const filters = document.forms[0]
const visible = () => [...document.querySelectorAll('article')].filter((each) => each.offsetParent !== null).length
const seen = {
  background: getComputedStyle(document.body).backgroundColor,
  text: getComputedStyle(document.body).color,
  requests: performance.getEntriesByType('resource').map(({ name }) => name),
  shown: {},
}
for (const name of ['rule', 'folder', 'level'])
  for (const { value } of [...filters[name].options]) {
    filters[name].value = value
    filters.dispatchEvent(new Event('change'))
    seen.shown[name + ' ' + value] = [visible(), filters.querySelector('output').textContent]
    filters[name].value = ''
  }
document.documentElement.setAttribute('data-seen', encodeURIComponent(JSON.stringify(seen)))
</script>`

interface Seen {
  readonly background: string
  readonly text: string
  /** Everything that the page has loaded. */
  readonly requests: readonly string[]
  /** By filter and value: how many findings are visible, and how many the page says. */
  readonly shown: Readonly<Record<string, readonly [number, string]>>
}

async function openReport(scheme: 'light' | 'dark', more: string = probe): Promise<Opened> {
  const cwd = writeProject(files)
  await runCli(['check', '--format', 'html', '--output', 'report.html'], { cwd })
  const path = join(cwd, 'report.html')
  writeFileSync(path, readFileSync(path, 'utf8') + more)
  return openPage(path, scheme)
}

function seenIn({ dom }: Opened): Seen {
  const [, text = ''] = /data-seen="([^"]*)"/.exec(dom) ?? []
  return JSON.parse(decodeURIComponent(text)) as Seen
}

it.each([
  ['light', 'rgb(255, 255, 255)', 'rgb(29, 35, 48)'],
  ['dark', 'rgb(20, 23, 29)', 'rgb(230, 233, 239)'],
] as const)(
  'the HTML report filters, loads nothing and has no error, in %s colours',
  async (scheme, background, text) => {
    const opened = await openReport(scheme)
    expect(opened.console).toEqual([])
    expect(seenIn(opened)).toEqual({
      background,
      text,
      requests: [],
      shown: {
        'rule ': [4, '4 of 4'],
        'rule session/listen': [1, '1 of 4'],
        'rule session/set': [3, '3 of 4'],
        'folder ': [4, '4 of 4'],
        'folder prisma/migrations/1': [1, '1 of 4'],
        'folder src': [1, '1 of 4'],
        'folder src/deep': [2, '2 of 4'],
        'level ': [4, '4 of 4'],
        'level error': [3, '3 of 4'],
        'level note': [1, '1 of 4'],
      },
    })
  },
)

it('an error of a page is seen', async () => {
  const { console: lines } = await openReport('light', '<script>throw new Error("on purpose")</script>')
  expect(lines.join('\n')).toContain('on purpose')
})
