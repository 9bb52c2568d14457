/** The style of the HTML report. */
export const htmlStyle = `
:root { color-scheme: light dark; --back: #fff; --text: #1d2330; --dim: #5a6375; --line: #d9dee7; --card: #f6f8fb; --red: #b42318; --green: #18794e; --blue: #1f5fbf }
@media (prefers-color-scheme: dark) { :root { --back: #14171d; --text: #e6e9ef; --dim: #9aa4b6; --line: #2c333f; --card: #1c212a; --red: #ff8a7a; --green: #5fd39a; --blue: #8ab4ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
header, main { max-width: 1000px; margin: 0 auto; padding: 16px 24px }
header { border-bottom: 1px solid var(--line) }
h1 { font-size: 22px; margin: 8px 0 } h2 { font-size: 17px } h3 { font-size: 15px; margin: 0; font-weight: 400; overflow-wrap: anywhere }
p { margin: 6px 0 } .sum b { font-size: 18px }
form { display: flex; flex-wrap: wrap; gap: 16px; align-items: center; margin: 12px 0 0 } output { color: var(--dim) }
select { font: inherit; background: var(--card); color: var(--text); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; max-width: 300px }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 12px 0 }
pre { background: var(--back); border: 1px solid var(--line); border-radius: 6px; padding: 8px 12px; overflow-x: auto; margin: 8px 0 } pre span { color: var(--dim) }
code, pre { font: 13px/1.5 ui-monospace, monospace } .tag { border: 1px solid var(--line); border-radius: 10px; padding: 1px 8px; font-size: 12px }
.error { color: var(--red) } .note { color: var(--blue) } .ok { color: var(--green) } summary { color: var(--dim); cursor: pointer }
dl { display: grid; grid-template-columns: 70px 1fr; gap: 4px 12px; margin: 8px 0 0 } dt { color: var(--dim) } dd { margin: 0 }
[hidden] { display: none }
`

/** The filters of the HTML report. */
export const htmlScript = `
const form = document.forms[0], articles = [...document.querySelectorAll('article')]
const show = () => {
  const wanted = Object.fromEntries(new FormData(form))
  let shown = 0
  for (const article of articles) {
    article.hidden = !['rule', 'folder', 'level'].every((key) => wanted[key] === '' || article.dataset[key] === wanted[key])
    if (!article.hidden) shown++
  }
  form.querySelector('output').textContent = shown + ' of ' + articles.length
}
form.addEventListener('change', show)
show()
`
