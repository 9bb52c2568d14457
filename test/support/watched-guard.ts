import { createGuard, type Guard, type GuardOptions } from '@poolsafe/core'
import { engineOf, Transaction, type Call, type Engine } from '@poolsafe/core/adapter'

/** A guard and what it logs. */
export interface WatchedGuard {
  readonly guard: Guard
  readonly logged: string[]
}

export function watchedGuard(options: GuardOptions = {}): WatchedGuard {
  const logged: string[] = []
  return { guard: createGuard({ logger: { warn: (message) => void logged.push(message) }, ...options }), logged }
}

export function openTransaction(): Transaction {
  const transaction = new Transaction()
  transaction.isOpen = true
  return transaction
}

/** Does what an adapter does before it sends a statement. */
export function send(guard: Guard, sql: string, call: Partial<Call> = {}): ReturnType<Engine['refuse']> {
  return engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: true, ...call }, send)
}
