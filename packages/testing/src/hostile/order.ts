/** Random numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Deals out things in rounds: in each round every thing once, in an order that only the seed decides. */
export class Deck<Thing> {
  readonly #random: () => number
  #round: Thing[] = []

  constructor(seed: number) {
    this.#random = randomFrom(seed)
  }

  /** @returns the next of `things` that is eligible; `undefined` where none is */
  deal(things: readonly Thing[], isEligible: (thing: Thing) => boolean): Thing | undefined {
    return this.#take(things, isEligible) ?? this.#take(things, isEligible, this.#shuffle(things))
  }

  #take(things: readonly Thing[], isEligible: (thing: Thing) => boolean, round: Thing[] = this.#round): Thing | undefined {
    this.#round = round
    const at = round.findIndex((thing) => things.includes(thing) && isEligible(thing))
    return at === -1 ? undefined : round.splice(at, 1)[0]
  }

  #shuffle(things: readonly Thing[]): Thing[] {
    const round = [...things]
    for (let last = round.length - 1; last > 0; last--) {
      const other = Math.floor(this.#random() * (last + 1))
      ;[round[last], round[other]] = [round[other] as Thing, round[last] as Thing]
    }
    return round
  }
}
