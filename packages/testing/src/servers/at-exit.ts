type CleanUp = () => void

const pending = new Set<CleanUp>()

/**
 * Runs `cleanUp` if the process exits before its server was stopped. Only synchronous work is possible then. It
 * installs no signal handlers.
 *
 * @returns a function that cancels it
 */
export function atExit(cleanUp: CleanUp): () => void {
  if (pending.size === 0) process.once('exit', runAll)
  pending.add(cleanUp)
  return () => {
    pending.delete(cleanUp)
    if (pending.size === 0) process.removeListener('exit', runAll)
  }
}

function runAll(): void {
  for (const cleanUp of pending) {
    try {
      cleanUp()
    } catch {
      // The process is exiting. The other servers must still be ended, and the error cannot be reported.
    }
  }
}
