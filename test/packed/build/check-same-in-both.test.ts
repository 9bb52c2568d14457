import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkSameInBoth } from './check-same-in-both.ts'

const folder = mkdtempSync(join(tmpdir(), 'poolsafe-builds-'))
afterAll(() => rmSync(folder, { recursive: true }))

const esm =
  'class Execution { onlyBegins = false; end() {} }\nconst onlyBegins = () => true\nexport { Execution, onlyBegins }\n'

const right = `class Execution { onlyBegins = false; end() {} }
const onlyBegins = () => true
module.exports = { Execution, onlyBegins }
`

/** The output of sucrase for a class field with the name of an export. */
const assigned = `class Execution { constructor() { this.onlyBegins = exports.onlyBegins = false } end() {} }
const onlyBegins = () => true
exports.Execution = Execution; exports.onlyBegins = onlyBegins
`

let count = 0

async function compare(inEsm: string, inCommonJs: string): Promise<void> {
  const file = join(folder, `module-${count++}.js`)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(file, inEsm)
  writeFileSync(file.replace(/\.js$/, '.cjs'), inCommonJs)
  await checkSameInBoth([file])
}

describe('checkSameInBoth', () => {
  it('accepts a CommonJS build with the same classes and the same exports', async () => {
    await expect(compare(esm, right)).resolves.toBeUndefined()
  })

  it('refuses a class field that became an assignment to an export', async () => {
    await expect(compare(esm, assigned)).rejects.toThrow(
      /module-\d\.cjs has MethodDefinition constructor = FunctionExpression where the ES module has PropertyDefinition onlyBegins = Literal$/,
    )
  })

  it('accepts a class field whose imported value is read from the required module', async () => {
    const inEsm = "import { sep } from 'node:path'\nclass Path { separator = sep }\nexport { Path }\n"
    const inCommonJs =
      'const path = require("node:path")\nclass Path { separator = path.sep }\nmodule.exports = { Path }\n'
    await expect(compare(inEsm, inCommonJs)).resolves.toBeUndefined()
  })

  it('refuses a class field whose local value became a property of another object', async () => {
    const inEsm = 'const sep = "/"\nclass Path { separator = sep }\nexport { Path }\n'
    const inCommonJs = 'class Path { separator = exports.sep }\nmodule.exports = { Path }\n'
    await expect(compare(inEsm, inCommonJs)).rejects.toThrow(
      /has PropertyDefinition separator = MemberExpression where the ES module has PropertyDefinition separator = Identifier$/,
    )
  })

  it('refuses a missing export', async () => {
    await expect(compare(esm, right.replace(', onlyBegins }', ' }'))).rejects.toThrow(
      /has nothing where the ES module has onlyBegins$/,
    )
  })
})
