// The parts that the command line and `@poolsafe/register` share. Applications import `defineConfig` from `poolsafe`.

export { defineConfig } from './define-config.ts'
export type { PoolsafeConfig } from './options.ts'
export {
  resolveCheck,
  type CheckConfig,
  type MigrationsConfig,
  type Override,
  type ResolvedCheck,
} from './check-options.ts'
export { loadConfig, loadConfigSync, type LoadedConfig } from './load.ts'
export { everyPooler, poolerNamed, poolerNames } from './pooler-named.ts'
export { unknownName } from './unknown-name.ts'
export { UsageError } from './usage-error.ts'
