import type { GuardOptions } from '@poolsafe/core'

/** `poolsafe.config.ts`: what the commands read. Flags of the command line win over it. */
export interface PoolsafeConfig {
  /**
   * Configurations that this one builds on, as paths relative to this file. Later ones win, this file wins over all;
   * lists are joined. @default []
   */
  readonly extends?: string | readonly string[]
  /**
   * The options of the guard. The application may give the same object to `createGuard()`. The commands use `pooler`,
   * `rules` and `exceptions`. @default {}
   */
  readonly guard?: GuardOptions
}
