import { join } from 'node:path'

/** Node's flags with which each pool that pg-pool makes in the process is a guarded one. */
export const guardFlags: readonly string[] = [
  '--conditions=@poolsafe/source',
  '--require',
  join(import.meta.dirname, 'guard.cjs'),
]
