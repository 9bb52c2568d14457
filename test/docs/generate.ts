import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './pages.ts'
import { poolersPage } from './poolers-page.ts'

// Writes docs/rules from the rules, and docs/poolers.md from the profiles: node --conditions=@poolsafe/source
// test/docs/generate.ts

const folder = join(import.meta.dirname, '../../docs/rules')
const wanted = pages()
mkdirSync(folder, { recursive: true })
for (const file of readdirSync(folder)) if (!wanted.has(file)) rmSync(join(folder, file))
for (const [file, text] of wanted) writeFileSync(join(folder, file), text)
writeFileSync(join(folder, '../poolers.md'), poolersPage())
