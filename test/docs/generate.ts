import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './pages.ts'

// Writes docs/rules from the rules: node --conditions=@poolsafe/source test/docs/generate.ts

const folder = join(import.meta.dirname, '../../docs/rules')
const wanted = pages()
mkdirSync(folder, { recursive: true })
for (const file of readdirSync(folder)) if (!wanted.has(file)) rmSync(join(folder, file))
for (const [file, text] of wanted) writeFileSync(join(folder, file), text)
