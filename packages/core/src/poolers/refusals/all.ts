import { neonRefusals } from './neon.ts'
import { odysseyRefusals } from './odyssey.ts'
import { pgbouncerRefusals } from './pgbouncer.ts'
import { rdsProxyRefusals } from './rds-proxy.ts'
import type { Refusal } from './refusal.ts'
import { supavisorRefusals } from './supavisor.ts'

/** The refusals of all poolers together: their words do not collide. */
export const refusals: readonly Refusal[] = [
  ...rdsProxyRefusals,
  ...supavisorRefusals,
  ...neonRefusals,
  ...odysseyRefusals,
  ...pgbouncerRefusals,
]
