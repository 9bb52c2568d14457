import type { RepeatedQueryEvent } from '../events.ts'
import { RepeatedLog } from './repeated-log.ts'
import { RequestScope, runInScope } from './request-scope.ts'

/**
 * For tests: runs `fn` in a request scope whose repeated statements are told here, in the place of the guards, of
 * scopes inside it too. The lines of all statements are taken.
 *
 * @param limit how often is not too often
 * @throws whatever `fn` throws
 */
export async function examineRepeated(limit: number, fn: () => unknown): Promise<RepeatedQueryEvent[]> {
  const events: RepeatedQueryEvent[] = []
  const faults: unknown[] = []
  const listeners = {
    hears: () => true,
    tell: (_name: string, event: RepeatedQueryEvent) => void events.push(event),
    write: () => {},
    fault: (_where: string, cause: unknown) => void faults.push(cause),
  }
  const options = { repeatedQueryLimit: limit, requestScopeMillis: Infinity, slowQueryIntervalMillis: Infinity }
  const log = new RepeatedLog(options, listeners, true)
  await runInScope(new RequestScope({}, log), fn)
  log.closeAll()
  if (faults.length > 0) throw faults[0]
  return events
}
