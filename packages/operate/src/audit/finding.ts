import type { Finding, PoolerProfile } from '@poolsafe/core'
import type { DetectedEffect } from '@poolsafe/core/adapter'
import { effectsOfCall, judgeEffects, withoutArguments } from '@poolsafe/core/internal'
import type { HookKind } from '../catalog/hooks.ts'
import type { TracedEffect } from '../catalog/chains.ts'
import { keyOf } from '../catalog/reached.ts'

/** The kind of object of a finding. */
export type AuditedKind = HookKind | 'function' | 'procedure' | 'aggregate' | 'operator' | 'cast' | 'event trigger'

/** Code of the database that changes the session of its caller. Plain data. */
export interface AuditFinding extends Finding {
  /** The object that a statement names: `shop.orders`, `shop.set_tenant`. */
  readonly object: string
  /** The object that holds the code: for a table, the trigger or the default that leads to it. */
  readonly objectKind: AuditedKind
  /** The kind of session state: `setting`, `advisory-lock`; `undecided` for code that cannot be judged. */
  readonly kind: DetectedEffect['state'] | 'undecided'
  /** The chain from the object to what changes the session. */
  readonly via: readonly string[]
  /** Statements that reach the code, such as `INSERT INTO shop.orders`. */
  readonly reachedBy: readonly string[]
  /** `note` for code that cannot be judged. */
  readonly level: 'error' | 'note'
}

/** An object, before its findings. */
export interface Audited {
  readonly object: string
  readonly objectKind: AuditedKind
  readonly reachedBy: readonly string[]
  /** The first links of the chain. */
  readonly via: readonly string[]
  readonly left: readonly TracedEffect[]
  readonly undecided?: string
}

/** Returns the findings of one object, one for each kind of state. */
export function findingsOf(audited: Audited, pooler: PoolerProfile): AuditFinding[] {
  // Taking a lock back leaves nothing.
  const left = withoutArguments(audited.left.filter(({ does }) => does !== 'clears'))
  const byKey = new Map(left.map((effect) => [keyOf(effect), effect]))
  const errors = [...byKey.values()].flatMap((effect) => {
    // The chain stands beside the message.
    const { via: _, ...own } = effect
    return judgeEffects([own], pooler, { inTransaction: true }).map((finding) => findingOf(finding, effect, audited))
  })
  return audited.undecided === undefined ? errors : [...errors, ...noteOf(audited.undecided, audited, pooler)]
}

function findingOf(finding: Finding, effect: TracedEffect, audited: Audited): AuditFinding {
  const via = [...(effect.via ?? []), effect.what]
  return { ...finding, ...aboutOf(audited, via), kind: effect.state, level: 'error' }
}

function aboutOf(
  { object, objectKind, reachedBy, via }: Audited,
  more: readonly string[],
): Pick<AuditFinding, 'object' | 'objectKind' | 'reachedBy' | 'via'> {
  return { object, objectKind, reachedBy, via: [...via, ...more] }
}

function noteOf(undecided: string, audited: Audited, pooler: PoolerProfile): AuditFinding[] {
  const effects = effectsOfCall('undecided').map((effect) => Object.assign({}, effect, { what: undecided }))
  return judgeEffects(effects, pooler, { inTransaction: true }).map((finding) =>
    Object.assign({}, finding, aboutOf(audited, [undecided]), { kind: 'undecided' as const, level: 'note' as const }),
  )
}
