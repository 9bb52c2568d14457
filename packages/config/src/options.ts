import type { CheckoutOptions, GuardOptions } from '@poolsafe/core'
import type { CheckConfig } from './check-options.ts'

/** `poolsafe.config.ts`: what the commands read. Flags of the command line win over it. */
export interface PoolsafeConfig {
  /**
   * Configurations that this one builds on, as paths relative to this file. Later ones win, this file wins over all;
   * lists are joined. @default []
   */
  readonly extends?: string | readonly string[]
  /**
   * The options of the guard. The application may give the same object to `createGuard()`. The commands use `pooler`,
   * `rules`, `exceptions` and `catalog`, whose path is relative to this file. @default {}
   */
  readonly guard?: GuardOptions
  /**
   * How long callers wait for a connection of a pool, and how long they may hold it: the limits of the pools that
   * `@poolsafe/register` guards. @default {}: as long as without poolsafe
   */
  readonly pool?: CheckoutOptions
  /** The options of `poolsafe check`. @default {} */
  readonly check?: CheckConfig
}
