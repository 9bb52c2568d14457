import type { Checkout } from './checkout.ts'
import type { Queue } from './queue.ts'

/**
 * Returns the calls that asked before a moment. The queue of waiting calls is in the order of asking; the few others
 * are searched one by one.
 */
export function dueOf<Connection>(queue: Queue<Checkout<Connection>>, before: number): Checkout<Connection>[] {
  const due: Checkout<Connection>[] = []
  for (const checkout of queue) {
    if (checkout.askedAt <= before) due.push(checkout)
    else if (checkout.state === 'waiting') break
  }
  return due
}

/** Returns when the first of them asked. */
export function oldestOf<Connection>(queue: Queue<Checkout<Connection>>): number {
  let oldest = Infinity
  for (const { askedAt } of queue) oldest = Math.min(oldest, askedAt)
  return oldest
}

/**
 * Runs `act` without capturing stacks. A timer's stack is useless and expensive to capture. The awaiting call adds its
 * own.
 */
export function withoutStack<Result>(act: () => Result): Result {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return act()
  } finally {
    Error.stackTraceLimit = limit
  }
}
