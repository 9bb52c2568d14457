import type { CheckFinding } from './finding.ts'

/** The same finding behind several poolers is one finding. */
export function mergePoolers(findings: readonly CheckFinding[]): CheckFinding[] {
  const merged = new Map<string, CheckFinding>()
  for (const finding of findings) {
    const { path, line, column, rule, statement, message } = finding
    // The variants of a text are one finding. A configuration has no statement, and one may send several.
    const key = `${path}:${line}:${column} ${rule} ${statement === '' ? message : ''}`
    const known = merged.get(key)
    merged.set(
      key,
      known === undefined ? finding : { ...known, poolers: [...new Set([...known.poolers, ...finding.poolers])] },
    )
  }
  return [...merged.values()]
}
