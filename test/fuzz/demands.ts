import { rules } from '@poolsafe/core'
import { mostGrowth, type Timing } from './long-texts.ts'
import type { Tally } from './tally.ts'
import { weakenedScans } from './weakened.ts'

/** Below this many texts chance decides whether each rule and each weakened scan is met. */
export const fewestForDemands = 200_000

const leastShare = { dangerous: 0.15, accepted: 0.4, harmlessAccepted: 0.4 }

/** Returns the texts that a run lacks to prove anything: texts that a wrong scan would have failed on. */
export function lacking({ counts, byRule, missedBy }: Tally): string[] {
  const { texts, dangerous, accepted, harmless, harmlessAccepted } = counts
  return [
    ...tooSmall('texts that do something to the session', dangerous / texts, leastShare.dangerous),
    ...tooSmall('texts that PostgreSQL’s parser accepts', accepted / texts, leastShare.accepted),
    ...tooSmall(
      'texts, of those that the scan calls harmless, that the parser accepts',
      harmlessAccepted / harmless,
      leastShare.harmlessAccepted,
    ),
    ...rules
      .filter(
        ({ on, functions, extensionFunctions }) =>
          on !== undefined || functions !== undefined || extensionFunctions !== undefined,
      )
      .filter(({ id }) => byRule[id] === undefined)
      .map(({ id }) => `No text was found by the rule ${id}: give it examples that the generator can use.`),
    ...[...weakenedScans.keys()]
      .filter((hole) => missedBy[hole] === undefined)
      .map((hole) => `A scan that ${hole} would have passed this run: the generator makes no text that shows it.`),
  ]
}

function tooSmall(what: string, share: number, least: number): string[] {
  return share >= least ? [] : [`Too few ${what}: ${(share * 100).toFixed(1)} %, at least ${least * 100} % are wanted.`]
}

/** Shapes of long texts for which the scan takes more than linear time. */
export function superlinear(timings: readonly Timing[]): string[] {
  return timings
    .filter(({ growth }) => growth > mostGrowth)
    .map(
      ({ shape, growth }) =>
        `The scan is not linear for '${shape}': ${growth.toFixed(1)} × the time a character for ten times the length.`,
    )
}
