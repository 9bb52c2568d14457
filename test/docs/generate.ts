import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { llmsPage, skillPage } from './agent-pages.ts'
import { metricsPage } from './metrics-page.ts'
import { pages } from './pages.ts'
import { poolersPage } from './poolers-page.ts'
import { referencePage } from './reference-page.ts'

// `npm run docs`: writes docs/rules from the rules, docs/poolers.md from the profiles, docs/reference.md from the options
// and events, and the tables of docs/metrics.md from the catalogue of metrics.

const docs = join(import.meta.dirname, '../../docs')
const rules = join(docs, 'rules')
const wanted = pages()
mkdirSync(rules, { recursive: true })
for (const file of readdirSync(rules)) if (!wanted.has(file)) rmSync(join(rules, file))
for (const [file, text] of wanted) writeFileSync(join(rules, file), text)
writeFileSync(join(docs, 'poolers.md'), poolersPage())
writeFileSync(join(docs, 'reference.md'), referencePage())
const metrics = join(docs, 'metrics.md')
writeFileSync(metrics, metricsPage(readFileSync(metrics, 'utf8')))
const cli = join(docs, '../packages/cli')
writeFileSync(join(cli, 'llms.txt'), llmsPage())
writeFileSync(join(cli, 'SKILL.md'), skillPage())
