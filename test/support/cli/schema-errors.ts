import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

const folder = join(import.meta.dirname, '../../../packages/cli/schemas')
const compiled = new Map<string, ValidateFunction>()

/** Returns what is wrong with data by a JSON schema of the package; `null` for nothing. */
export function schemaErrors(name: string, data: unknown): ValidateFunction['errors'] {
  const validate = compiled.get(name) ?? compile(name)
  compiled.set(name, validate)
  validate(data)
  return validate.errors
}

/** Returns what is wrong with a report by the schema that it names itself. */
export function errorsByOwnSchema(report: string): ValidateFunction['errors'] {
  const data = JSON.parse(report) as { readonly $schema: string }
  return schemaErrors(
    /^https:\/\/unpkg\.com\/poolsafe@[^/]+\/schemas\/(.+)\.schema\.json$/.exec(data.$schema)?.[1] ?? '',
    data,
  )
}

function compile(name: string): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
  return ajv.compile(JSON.parse(readFileSync(join(folder, `${name}.schema.json`), 'utf8')) as object)
}
