import { version } from './version.ts'

/** Returns the address of the JSON schema of a report. The file is in the package, in the folder `schemas`. */
export function schemaUrl(name: 'check' | 'explain'): string {
  return `https://unpkg.com/poolsafe@${version()}/schemas/${name}.schema.json`
}
