import type { Rule } from '@poolsafe/core'
import type { Example } from '@poolsafe/core/internal'
import type { Style } from '../terminal/style.ts'
import { wrap } from '../terminal/table.ts'

/** Formats one rule for people: cause, remedy, code of the remedy, examples. */
export function formatRule({ id, title, why, instead, remedy, examples }: Rule, style: Style, columns: number): string {
  const code = Object.entries(remedy).map(([library, text]) => block(library, text as string, style))
  return [
    `${style.bold(id)}  ${title}\n`,
    `${wrap(`Why: ${why}.`, columns)}\n`,
    `${wrap(`Instead: ${instead}.`, columns)}\n`,
    ...code,
    block('unsafe', sqlOf(examples.unsafe), style),
    block('safe', sqlOf(examples.safe), style),
    `docs: node_modules/@poolsafe/core/docs/rules/${id.replace('/', '-')}.md\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function block(title: string, text: string, style: Style): string {
  return text === '' ? '' : `${style.bold(title)}\n${text.replaceAll(/^(?=.)/gm, '  ')}\n`
}

function sqlOf(examples: readonly (string | Example)[]): string {
  return examples.map((example) => (typeof example === 'string' ? example : example.sql)).join('\n')
}
