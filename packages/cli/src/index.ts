// For `poolsafe.config.ts` (entry `poolsafe`). The commands themselves are the bin.

export {
  defineConfig,
  type CheckConfig,
  type MigrationsConfig,
  type Override,
  type PoolsafeConfig,
} from '@poolsafe/config'
