import { hyperdriveRefusals } from './hyperdrive.ts'
import { neonRefusals } from './neon.ts'
import { odysseyRefusals } from './odyssey.ts'
import { pgagroalRefusals } from './pgagroal.ts'
import { pgbouncerRefusals } from './pgbouncer.ts'
import { pgcatRefusals } from './pgcat.ts'
import { pgdogRefusals } from './pgdog.ts'
import { pgpoolRefusals } from './pgpool.ts'
import { rdsProxyRefusals } from './rds-proxy.ts'
import type { Refusal } from './refusal.ts'
import { supavisorRefusals } from './supavisor.ts'

/** The refusals of all poolers together: their words do not collide. */
export const refusals: readonly Refusal[] = [
  ...rdsProxyRefusals,
  ...supavisorRefusals,
  ...neonRefusals,
  ...odysseyRefusals,
  ...pgcatRefusals,
  ...pgdogRefusals,
  ...pgagroalRefusals,
  ...pgpoolRefusals,
  ...hyperdriveRefusals,
  ...pgbouncerRefusals,
]
