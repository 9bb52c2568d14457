import { ruleById } from '@poolsafe/core'
import type { CheckFinding } from '../finding.ts'
import { counted, ofLevel, type CheckResult } from './result.ts'
import { escapeHtml as escape } from '../../html/page.ts'
import { htmlScript, htmlStyle } from './html-parts.ts'

/** One self-contained page: works from a file, follows the colour scheme, filters by rule, folder and level. */
export function html(result: CheckResult): string {
  const { findings, counts, poolers, skipped, problems } = result
  const errors = ofLevel(result, 'error').length
  const notes = findings.length - errors
  const list = (title: string, rows: readonly string[]): string =>
    rows.length === 0 ? '' : `<h2>${title}</h2><ul>${rows.map((row) => `<li>${escape(row)}</li>`).join('')}</ul>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>poolsafe check: ${counted(errors, 'finding')}</title>
<style>${htmlStyle}</style>
</head>
<body>
<header>
<h1>poolsafe check</h1>
<p class="sum"><b class="${errors === 0 ? 'ok' : 'error'}">${counted(errors, 'finding')}</b> · ${counted(notes, 'note')} · ${counted(counts.files, 'file')} · ${counted(counts.tags + counts.calls, 'SQL text')} · ${counted(counts.scripts, 'script')}</p>
<p>${poolers.map(escape).join('; ')}</p>
<form>
<label>Rule <select name="rule"><option value="">all</option>${options(findings.map(({ rule }) => rule))}</select></label>
<label>Folder <select name="folder"><option value="">all</option>${options(findings.map(folderOf))}</select></label>
<label>Level <select name="level"><option value="">all</option><option>error</option><option>note</option></select></label>
<output></output>
</form>
</header>
<main>
${findings.map(article).join('\n')}
${list(
  'Comments',
  problems.map(({ path, line, message }) => `${path}:${line} ${message}`),
)}
${list(
  'Not checked',
  skipped.map(({ path, reason }) => `${path}: ${reason}`),
)}
</main>
<script>${htmlScript}</script>
</body>
</html>
`
}

function article(finding: CheckFinding): string {
  const { rule, level, path, line, column, message, why, instead, poolers, statement } = finding
  // The source has literals; the statement has none.
  const code = statement === '' ? '' : `<pre>${escape(statement)}</pre>`
  return `<article data-rule="${escape(rule)}" data-folder="${escape(folderOf(finding))}" data-level="${level}">
<h3><code>${escape(path)}:${line}:${column}</code> <span class="tag ${level}">${level}</span> <span class="tag">${escape(rule)}</span></h3>
<p>${escape(message)}</p>
${code}
<details><summary>${escape(ruleById[rule].title)}</summary>
<dl><dt>why</dt><dd>${escape(why)}</dd><dt>instead</dt><dd>${escape(instead)}</dd><dt>behind</dt><dd>${poolers.map(escape).join('; ')}</dd></dl></details>
</article>`
}

function options(values: readonly string[]): string {
  return [...new Set(values)]
    .toSorted()
    .map((value) => `<option>${escape(value)}</option>`)
    .join('')
}

function folderOf({ path }: CheckFinding): string {
  const parts = path.split('/').slice(0, -1)
  return parts.length === 0 ? '.' : parts.slice(0, 3).join('/')
}
