import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../../test/support/cli/fake-terminal.ts'
import { findingsIn } from '../../../../../test/support/cli/findings-in.ts'
import { writeProject } from '../../../../../test/support/cli/project.ts'
import { codeOf } from './components.ts'

const set = "await pool.query('SET search_path = a')"
const data = 'SET search_path = a'

const found: Readonly<Record<string, readonly [path: string, source: string, ...findings: string[]]>> = {
  'Vue, in both blocks': [
    'a.vue',
    `<template>\n<p>x</p>\n</template>\n<script>\nexport default {}; ${set}\n</script>\n<script setup lang="ts">\nconst a = 1 as number\n${set}\n</script>`,
    '5 session/set',
    '9 session/set',
  ],
  'Vue, with a generic in the tag': [
    'a.vue',
    `<script setup lang="ts" generic="T extends Record<string, unknown>">\n${set}\n</script>`,
    '2 session/set',
  ],
  'Vue, with JSX': ['a.vue', `<script lang="tsx">\nconst a = <b>{1}</b>\n${set}\n</script>`, '3 session/set'],
  'Svelte, with a module block behind it on the line': [
    'a.svelte',
    `<script context="module">let a = 1</script><script>${set}</script>\n{#if a}<p/>{/if}`,
    '1 session/set',
  ],
  'Svelte, with labels': ['a.svelte', `<script>\n$: b = c\n${set}\n</script>`, '3 session/set'],
  'Astro, in the frontmatter with a return': [
    'a.astro',
    `---\nimport { pool } from '../db'\nif (!pool) return Astro.redirect('/')\n${set}\n---\n<p>{a}</p>`,
    '4 session/set',
  ],
  'Windows line ends': ['a.vue', `<template/>\r\n<script>\r\n${set}\r\n</script>`, '3 session/set'],
  'a file that does not parse': ['a.vue', `<script>\nif (${set}\n</script>`, 'skipped: it does not parse'],
}

const silent: Readonly<Record<string, readonly [path: string, source: string]>> = {
  'a template': ['a.vue', `<template><button @click="pool.query('${data}')">Reset Password</button></template>`],
  'a comment': ['a.vue', `<!-- <script>${set}</script> -->\n<script>const a = 1</script>`],
  data: ['a.svelte', `<script type="application/ld+json">{ "a": "${data}" }</script>`],
  'a template in a script': ['a.astro', `<script type="text/x-template">${set}</script>`],
  'a language that is not read': ['a.vue', `<script lang="coffee">\n${set} unless a\n</script>`],
  'a block without an end': ['a.vue', `<script>\n${set}`],
  'the text behind a frontmatter': ['a.astro', `---\nconst a = 1\n---\n<pre>${set}</pre>`],
  'a frontmatter without an end': ['a.astro', `---\n${set}`],
  'a tag with another name': ['a.vue', `<script-loader>${set}</script-loader>`],
  'SET LOCAL in a transaction': [
    'a.vue',
    `<script>await db.transaction(async (tx) => { await tx.query('SET LOCAL a.b = 1') })</script>`,
  ],
}

describe('the code of components', () => {
  it.each(Object.entries(found))('is found: %s', (_, [path, source, ...findings]) => {
    expect(findingsIn(source, { path: `src/${path}` }).map((each) => each.replace(/(parse):.*/, '$1'))).toEqual(
      findings,
    )
  })

  it.each(Object.entries(silent))('is not %s', (_, [path, source]) => {
    expect(findingsIn(source, { path: `src/${path}` })).toEqual([])
  })

  it('stays where it is', () => {
    const source = `<template>ä😀</template>\n<script>const ä = '😀'\n</script>\n<style>\n</style>`
    const code = codeOf('a.vue', source)
    expect(code).toHaveLength(source.length)
    expect(code.indexOf("const ä = '😀'")).toBe(source.indexOf("const ä = '😀'"))
    expect(code.split('\n')).toHaveLength(5)
  })

  it.each(['<script "', '<!--', '<script>', '<script></script', "<script a='"])('takes no long time: %s …', (part) => {
    expect(codeOf('a.vue', part.repeat(100_000)).trim()).toBe('')
  })

  it('is shown, allowed and repaired in its file', async () => {
    const source = `<template>\n</template>\n<script>\n// poolsafe-allow session/listen: on the direct connection\nawait client.query('LISTEN a')\nawait db.transaction(async (tx) => { await tx.query('SET a.b = 1') })\n</script>\n`
    const cwd = writeProject({ 'src/a.vue': source })
    const { out } = await runCli(['check'], { cwd })
    expect(out).toContain('src/a.vue:6:54')
    expect(out).toMatch(/6 │ .*tx\.query\('SET a\.b = 1'\)/)
    await runCli(['check', '--fix'], { cwd })
    expect(readFileSync(join(cwd, 'src/a.vue'), 'utf8')).toBe(source.replace('SET a.b', 'SET LOCAL a.b'))
    expect((await runCli(['check', '--format', 'concise'], { cwd })).out).toBe('')
  })
})
