import type { RepeatedQueryEvent } from '../events.ts'
import { RepeatedLog } from './repeated-log.ts'
import { RequestScope, runInScope } from './request-scope.ts'

/**
 * For tests: runs `fn` in a request scope and returns its repeated statements instead of reporting them to the guards.
 * It includes scopes inside and captures every call site.
 *
 * @param limit how often a statement may be sent
 * @throws the errors of `fn`
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
