import { createGuard, type Guard, type ObserveOptions, type RepeatedQueryEvent } from '@poolsafe/core'

/** A guard, what it found repeated, and what it logged. */
export interface RepeatedWatch {
  readonly guard: Guard
  readonly repeated: RepeatedQueryEvent[]
  readonly logged: string[]
}

export function watchRepeated(observe: ObserveOptions = {}): RepeatedWatch {
  const repeated: RepeatedQueryEvent[] = []
  const logged: string[] = []
  const guard = createGuard({ observe, logger: { warn: (message) => void logged.push(message) } })
  guard.on('repeatedQuery', (event) => void repeated.push(event))
  return { guard, repeated, logged }
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
