import type { CheckFinding } from '../finding.ts'

/** A finding that counts only together with what another file says. Plain data. */
export interface Pending {
  /** The fact that makes it count. */
  readonly needs: string
  /** A fact that makes it not count. */
  readonly unless?: string
  readonly finding: CheckFinding
}

/** The facts of a file about the project, and those that depend on other files. */
export interface ProjectFacts {
  readonly facts?: readonly string[]
  readonly pending?: readonly Pending[]
}

/** The fact that a variable holds a URL which leads to a pooler. */
export function pooledVariable(name: string): string {
  return `pooled ${name}`
}

/** The fact that the engine of Prisma connects with the URL of a variable. */
export function engineVariable(name: string): string {
  return `prisma ${name}`
}

/** The fact that Prisma connects through a driver adapter, which names no statements. */
export const prismaAdapter = 'prisma adapter'

/** Returns the findings that count, now that all files have been read. */
export function settlePending(files: readonly ProjectFacts[]): CheckFinding[] {
  const facts = new Set(files.flatMap((file) => file.facts ?? []))
  return files.flatMap(({ pending = [] }) =>
    pending.flatMap(({ needs, unless, finding }) =>
      facts.has(needs) && (unless === undefined || !facts.has(unless)) ? [finding] : [],
    ),
  )
}
