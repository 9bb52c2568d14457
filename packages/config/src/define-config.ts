import type { PoolsafeConfig } from './options.ts'

/** Returns the configuration as it is, with its types checked in the editor. */
export function defineConfig<const Config extends PoolsafeConfig>(config: Config): Config {
  return config
}
