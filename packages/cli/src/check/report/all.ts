import { concise } from './concise.ts'
import { json } from './json.ts'
import { pretty, type PrettyOptions } from './pretty.ts'
import type { CheckResult } from './result.ts'

/** Formats a result. */
export type Report = (result: CheckResult, options: PrettyOptions) => string

/** The one list of formats, by the name that `--format` takes. */
export const reports: Readonly<Record<Format, Report>> = { pretty, concise, json }

export type Format = 'pretty' | 'concise' | 'json'

/** The names of all formats. */
export const formats: readonly Format[] = Object.keys(reports) as Format[]
