type CleanUp = () => void

const pending = new Set<CleanUp>()

/**
 * Runs `cleanUp` if the process ends before its server was stopped. Synchronous work alone gets done at that point, and
 * signals keep their default effect: nothing is installed for them here.
 *
 * @returns what forgets `cleanUp` again
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
      // The process is ending: the other servers still have to be ended, and nobody is left to tell.
    }
  }
}
