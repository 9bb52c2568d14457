/**
 * Real timers, and a real clock. Test runners replace the global ones (`vi.useFakeTimers()`, Jest, sinon) and put them
 * back later: a timer of that time never fires, and its clock jumps. A database answers in real time, so poolsafe
 * keeps the functions that it finds when it is loaded. Files that import these names hide the global ones.
 */
/** The monotonic clock, in milliseconds. */
export const performance: { readonly now: () => number } = {
  now: globalThis.performance.now.bind(globalThis.performance),
}

export const setTimeout: typeof globalThis.setTimeout = globalThis.setTimeout
export const clearTimeout: typeof globalThis.clearTimeout = globalThis.clearTimeout
export const setInterval: typeof globalThis.setInterval = globalThis.setInterval
export const clearInterval: typeof globalThis.clearInterval = globalThis.clearInterval
export const setImmediate: typeof globalThis.setImmediate = globalThis.setImmediate
