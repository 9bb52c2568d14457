import { survivesRollback, uncertain } from '../rules/effect.ts'
import { isLeftBy, type DetectedEffect } from './analysis.ts'
import type { BlockWalk, Expression, Scope } from './block-walk.ts'

interface Entry {
  readonly effect: DetectedEffect
  readonly at: number
  scope: Scope | undefined
}

/**
 * Settles a PL/pgSQL routine for calls that succeed: what the statements of one branch, loop or handler leave and take
 * back together is not left, and neither is what a ROLLBACK or an exception takes back.
 *
 * @param effects those of each expression
 * @returns the same list with what remains; effects that may not happen are uncertain
 */
export function settleScopes(walk: BlockWalk, effects: readonly (readonly DetectedEffect[])[]): DetectedEffect[][] {
  let entries = effects.flatMap((own, at) => {
    const { scope, isRolledBack } = walk.found[at] as Expression
    const kept = isRolledBack ? own.filter(({ state }) => survivesRollback.has(state)) : own
    return kept.map((effect): Entry => ({ effect, at, scope }))
  })
  // Inner scopes first.
  for (const scope of walk.scopes.toReversed())
    if (!scope.isBody || walk.endsTransaction) entries = settleScope(scope, entries)
  const result = effects.map((): DetectedEffect[] => [])
  for (const { effect, at, scope } of entries)
    result[at]?.push(scope?.isBody === true && !walk.endsTransaction ? effect : uncertain(effect))
  return result
}

function settleScope(scope: Scope, entries: readonly Entry[]): Entry[] {
  const removed = new Set<Entry>()
  const left: Entry[] = []
  for (const entry of entries.filter((each) => isWithin(each.scope, scope))) {
    if (entry.effect.does === 'leaves') left.push(entry)
    if (!takesBack(entry.effect) || entry.scope !== scope) continue
    // A call that ends with an exception is none that succeeds.
    if (scope.raises) removed.add(entry)
    const released = releasedByHandlers(scope, entry.effect, entries)
    if (released === undefined && survivesRollback.has(entry.effect.state)) continue
    const taken = takenBy(entry.effect, left, scope)
    // The statements around the block may have left it.
    if (taken.length === 0 && released !== undefined && scope.isProtected) entry.scope = scope.parent
    else if (taken.length > 0) removed.add(entry)
    for (const each of taken) removed.add(left.splice(left.indexOf(each), 1)[0] as Entry)
    if (taken.length > 0 || entry.scope !== scope) for (const each of released ?? []) removed.add(each)
  }
  return removed.size === 0 ? [...entries] : entries.filter((entry) => !removed.has(entry))
}

function takesBack({ does, isUncertain, object }: DetectedEffect): boolean {
  return (does === 'clears' || does === 'undoes') && isUncertain !== true && object !== ''
}

/**
 * An unlock takes back one lock of its own scope, everything else all that was left under the name, in branches and
 * loops as well.
 */
function takenBy(effect: DetectedEffect, left: readonly Entry[], scope: Scope): Entry[] {
  const taken = left.filter((entry) => isLeftBy(entry.effect, effect))
  if (effect.state !== 'advisory-lock' || effect.object === undefined) return taken
  return taken.filter((entry) => entry.scope === scope).slice(-1)
}

function isWithin(scope: Scope | undefined, around: Scope): boolean {
  for (let at = scope; at !== undefined; at = at.parent) if (at === around) return true
  return false
}

/** The entries of handlers that take back the same; `undefined` if one of the handlers does not, and goes on. */
function releasedByHandlers(
  { handlers }: Scope,
  { state, object }: DetectedEffect,
  entries: readonly Entry[],
): Entry[] | undefined {
  const released = handlers.map((handler) =>
    entries.find(
      ({ effect, scope }) =>
        scope === handler && takesBack(effect) && effect.state === state && effect.object === object,
    ),
  )
  if (handlers.some(({ raises }, at) => !raises && released[at] === undefined)) return undefined
  return released.filter((entry) => entry !== undefined)
}
