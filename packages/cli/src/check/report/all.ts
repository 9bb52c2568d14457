import { concise } from './concise.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { html } from './html.ts'
import { json } from './json.ts'
import { junit } from './junit.ts'
import { pretty, type PrettyOptions } from './pretty.ts'
import type { CheckResult } from './result.ts'
import { sarif } from './sarif.ts'

/** Formats a result. */
export type Report = (result: CheckResult, options: PrettyOptions) => string

/** The one list of formats, by the name that `--format` takes. */
export const reports: Readonly<Record<Format, Report>> = { pretty, concise, json, sarif, github, gitlab, junit, html }

export type Format = 'pretty' | 'concise' | 'json' | 'sarif' | 'github' | 'gitlab' | 'junit' | 'html'

/** The names of all formats. */
export const formats: readonly Format[] = Object.keys(reports) as Format[]
