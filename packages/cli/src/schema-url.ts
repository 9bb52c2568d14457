import { version } from './version.ts'

/** The reports with a JSON schema. Each has a file in the folder `schemas` of the package. */
export type SchemaName = 'audit' | 'check' | 'doctor' | 'explain' | 'size' | 'watch'

/** Returns the address of the JSON schema of a report. */
export function schemaUrl(name: SchemaName): string {
  return `https://unpkg.com/poolsafe@${version()}/schemas/${name}.schema.json`
}

/** Returns a report as JSON text. It names its schema. */
export function jsonReport(name: SchemaName, report: object): string {
  return `${JSON.stringify({ $schema: schemaUrl(name), ...report }, undefined, 2)}\n`
}
