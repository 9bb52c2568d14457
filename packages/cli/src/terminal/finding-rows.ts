import type { Finding } from '@poolsafe/core'
import { labelled, type Layout } from './table.ts'

/** Formats cause and remedy of findings of one rule: the words of the first, and the helpers of all. */
export function findingRows(findings: readonly [Finding, ...Finding[]], layout: Layout): string {
  const [{ why, instead, docs }] = findings
  const row = (label: string, text: string): string => labelled(label, text, layout)
  const helpers = helpersOf(findings).map((text, index) => row(index === 0 ? 'helpers' : '', text))
  return [
    row('why', why),
    row('instead', instead),
    ...helpers,
    row('docs', `node_modules/@poolsafe/core/${docs}`),
  ].join('')
}

/** `listen() keeps one connection for all channels … (@poolsafe/pg)`, each helper once. */
function helpersOf(findings: readonly Finding[]): string[] {
  const texts = findings.flatMap(({ helpers }) =>
    helpers.map(
      ({ name, does, packages }) => `${name} ${does} (${packages.map((each) => `@poolsafe/${each}`).join(', ')})`,
    ),
  )
  return [...new Set(texts)]
}
