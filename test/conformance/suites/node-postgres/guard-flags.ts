import { join } from 'node:path'

/** Node's flags with which each pool that pg-pool makes in the process is a guarded one. */
const byHand: readonly string[] = ['--require', join(import.meta.dirname, 'guard.cjs')]

/** Loads pg-pool first, because its own tests require it by `../`, which no application does. */
const byRegister: readonly string[] = [
  '--require',
  'pg-pool',
  '--import',
  join(import.meta.dirname, '../../../../packages/register/src/index.ts'),
]

/** `npm run conformance:suites -- --register`: the register guards pools and clients. */
export const guardFlags: readonly string[] = [
  '--conditions=@poolsafe/source',
  ...(process.argv.includes('--register') ? byRegister : byHand),
]
