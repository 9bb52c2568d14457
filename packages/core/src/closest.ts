/** Slips of the finger that still let a name be known. */
const mostEdits = 2

/** The name that was probably meant; `undefined` where none is near. */
export function closest(given: unknown, names: readonly string[]): string | undefined {
  if (typeof given !== 'string') return undefined
  // The unit of a name is what is forgotten most.
  if (names.includes(`${given}Millis`)) return `${given}Millis`
  const near = names.filter((name) => Math.abs(name.length - given.length) <= mostEdits)
  const [best] = near.map((name) => ({ name, edits: editsBetween(given, name) })).toSorted((a, b) => a.edits - b.edits)
  return best !== undefined && best.edits <= mostEdits && best.edits <= given.length / 2 ? best.name : undefined
}

/** Levenshtein's distance: letters put in, left out or replaced. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let at = 0; at < one.length; at++) {
    const next = [at + 1]
    for (let to = 0; to < other.length; to++) {
      const replaced = (row[to] ?? 0) + (one[at] === other[to] ? 0 : 1)
      next.push(Math.min(replaced, (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
