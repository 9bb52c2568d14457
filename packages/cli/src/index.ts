// For `poolsafe.config.ts` (entry `poolsafe`). The commands themselves are the bin.

export { defineConfig } from './config/define-config.ts'
export type { PoolsafeConfig } from './config/options.ts'
