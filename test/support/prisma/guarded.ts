import { type FindingEvent, type Guard, createGuard } from '@poolsafe/core'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import type { PrismaClient } from '../../generated/prisma7/client.ts'
import type { Subject } from './subject.ts'

/** A guard and everything that it reports. */
export interface WatchedGuard {
  readonly guard: Guard
  readonly warnings: readonly string[]
  readonly findings: readonly FindingEvent[]
}

export function watchedGuard(mode: 'warn' | 'strict'): WatchedGuard {
  const warnings: string[] = []
  const findings: FindingEvent[] = []
  const guard = createGuard({ mode, logger: { warn: (message) => void warnings.push(message) } })
  guard.on('finding', (finding) => void findings.push(finding))
  return { guard, warnings, findings }
}

/** Guards a client as the documentation shows. Its type stays that of the plain client. */
export function guardedClient(subject: Subject, url: string, guard: Guard): PrismaClient {
  const adapter = guardAdapter(new subject.PrismaPg({ connectionString: url }), guard)
  return new subject.PrismaClient({ adapter }).$extends(poolsafe(guard)) as unknown as PrismaClient
}

/** @throws Error where nothing is thrown */
export async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
