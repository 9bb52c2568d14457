import type { GuardOptions } from '@poolsafe/core'

/** The log of a guard. */
export interface CollectedLog {
  readonly warnings: string[]
  readonly infos: string[]
  /** The options of the guard. */
  readonly guard: GuardOptions
}

export function collectLog(): CollectedLog {
  const warnings: string[] = []
  const infos: string[] = []
  const logger = {
    warn: (message: string) => void warnings.push(message),
    info: (message: string) => void infos.push(message),
  }
  return { warnings, infos, guard: { logger } }
}
