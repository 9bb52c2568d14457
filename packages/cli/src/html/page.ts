/** A page of HTML without scripts, which needs no network. `body` is HTML already: see {@link escapeHtml}. */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884; overflow-wrap: anywhere }
pre { overflow-x: auto; padding: .8rem; background: #8881; border-radius: .3rem }
small { opacity: .7 }
.ok { color: light-dark(#18794e, #5fd39a) } .warning { color: light-dark(#8a5a00, #e8b54a) }
.failure { color: light-dark(#b42318, #ff8a7a) } .unseen { opacity: .7 }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`
}

/** Escapes a text for HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/** A table. Cells are text, or HTML that is marked as such. */
export function htmlTable(head: readonly string[], rows: readonly (readonly (string | Html)[])[]): string {
  const cells = (tag: string, row: readonly (string | Html)[]): string =>
    row.map((cell) => `<${tag}>${typeof cell === 'string' ? escapeHtml(cell) : cell.html}</${tag}>`).join('')
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n')
  return `<table>\n<thead><tr>${cells('th', head)}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>\n`
}

/** A text that is HTML already. */
export interface Html {
  readonly html: string
}
