/** Pseudo-random numbers from 0 to 1 by seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Returns one of the highest-ranked items, chosen by the random number. */
export function pickWorst<Thing>(
  things: readonly Thing[],
  rank: (thing: Thing) => number,
  random: () => number,
): Thing | undefined {
  const highest = things.reduce((found, thing) => Math.max(found, rank(thing)), -Infinity)
  const worst = things.filter((thing) => rank(thing) === highest)
  return worst[Math.floor(random() * worst.length)]
}
