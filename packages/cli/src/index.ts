// For `poolsafe.config.ts` (entry `poolsafe`). The commands themselves are the bin.

export { defineConfig, type PoolsafeConfig } from '@poolsafe/config'
