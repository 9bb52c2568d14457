import type { Checkout } from './checkout.ts'
import type { Queue } from './queue.ts'

/**
 * Those that asked before a moment. The queue of those that wait is in the order of asking; the few others are gone
 * through.
 */
export function dueOf<Connection>(queue: Queue<Checkout<Connection>>, before: number): Checkout<Connection>[] {
  const due: Checkout<Connection>[] = []
  for (const checkout of queue) {
    if (checkout.askedAt <= before) due.push(checkout)
    else if (checkout.state === 'waiting') break
  }
  return due
}

/** When the first of them asked. */
export function oldestOf<Connection>(queue: Queue<Checkout<Connection>>): number {
  let oldest = Infinity
  for (const { askedAt } of queue) oldest = Math.min(oldest, askedAt)
  return oldest
}

/**
 * A timer's stack tells nothing, and takes its time ten thousand times over. Whoever awaits the error puts in another.
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
