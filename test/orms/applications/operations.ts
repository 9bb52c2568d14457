import type { QueryEvent } from '@poolsafe/core'
import { subscribe } from 'node:diagnostics_channel'

/** The operations of the statements that were sent, by the table or the word that a statement has. */
export function watchOperations(): { readonly of: (part: string) => readonly (string | null)[] } {
  const events: QueryEvent[] = []
  subscribe('poolsafe:query', (event) => void events.push(event as QueryEvent))
  return {
    of(part) {
      const operations = events.filter(({ statement }) => statement.includes(part)).map(({ operation }) => operation)
      return [...new Set(operations.map((operation) => operation ?? 'none'))].toSorted((one, other) =>
        one.localeCompare(other),
      )
    },
  }
}

/** Resolves in a later turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
