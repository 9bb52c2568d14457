// Real timers, and a real clock. Test runners replace the global ones (`vi.useFakeTimers()`, Jest, sinon) and restore
// them later: a timer that was set in between never fires, and the clock jumps. A database answers in real time, so
// poolsafe keeps the functions that it finds when it is loaded. In files that import these names, they hide the globals.

/** The monotonic clock, in milliseconds. */
export const performance: { readonly now: () => number } = {
  now: globalThis.performance.now.bind(globalThis.performance),
}

export const setTimeout: typeof globalThis.setTimeout = globalThis.setTimeout
export const clearTimeout: typeof globalThis.clearTimeout = globalThis.clearTimeout
export const setInterval: typeof globalThis.setInterval = globalThis.setInterval
export const clearInterval: typeof globalThis.clearInterval = globalThis.clearInterval
export const setImmediate: typeof globalThis.setImmediate = globalThis.setImmediate
