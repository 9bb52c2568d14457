import type { CheckResult } from './result.ts'

/** Annotations of GitHub Actions, one line each. */
export function github({ findings, problems }: CheckResult): string {
  const annotations = findings.map(({ level, path, line, column, endLine, endColumn, message, instead, rule }) => {
    const place = `file=${property(path)},line=${line},endLine=${endLine},col=${column},endColumn=${endColumn}`
    const kind = level === 'error' ? 'error' : 'notice'
    return `::${kind} ${place},title=${property(rule)}::${data(`${message}. Instead: ${instead}.`)}\n`
  })
  const comments = problems.map(
    ({ path, line, message }) => `::warning file=${property(path)},line=${line}::${data(message)}\n`,
  )
  return [...annotations, ...comments].join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
