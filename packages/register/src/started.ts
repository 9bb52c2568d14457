import { subscribe } from 'node:diagnostics_channel'
import type { ChildProcess } from 'node:child_process'
import { basename } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { formatCallSite, takeStack } from '@poolsafe/core/internal'

/** A Node process or worker thread that this one has started. It writes a record of its own if it is guarded. */
export interface StartedRecord {
  readonly pid: number
  /** 0 for a process. */
  readonly threadId: number
  /** The call site. */
  readonly place: string | undefined
}

/** Calls `found` with each worker thread and each Node process, except those of `spawnSync` and its relatives. */
export function watchStarted(found: (started: StartedRecord) => void): void {
  subscribe('worker_threads', function workerStarted(message) {
    const { worker } = message as { readonly worker: Worker }
    found({ pid: process.pid, threadId: worker.threadId, place: placeOf(workerStarted) })
  })
  subscribe('child_process', function processStarted(message) {
    const { process: child } = message as { readonly process: ChildProcess }
    const place = placeOf(processStarted)
    // Node tells of the object before it starts the process.
    process.nextTick(() => {
      if (child.pid !== undefined && runsScript(child)) found({ pid: child.pid, threadId: 0, place })
    })
  })
}

function placeOf(entry: (...args: never[]) => unknown): string | undefined {
  return formatCallSite(takeStack(entry))
}

/** With these options Node prints something and loads nothing. */
const withoutScript = new Set(['-v', '--version', '-h', '--help', '--v8-options', '--completion-bash', '-c', '--check'])

function runsScript({ spawnfile, spawnargs }: ChildProcess): boolean {
  const args = spawnargs.slice(1)
  return /^node(?:js)?(?:\.exe)?$/.test(basename(spawnfile)) && !args.some((arg) => withoutScript.has(arg))
}
