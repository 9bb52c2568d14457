/** A shorter text of which the same is true: parts are left out, from halves down to characters, until none can be. */
export function minimised(text: string, stillFails: (text: string) => boolean): string {
  let shortest = text
  for (let size = Math.ceil(text.length / 2); size > 0;) {
    const shorter = withoutOnePart(shortest, size).find(stillFails)
    if (shorter === undefined) size = size === 1 ? 0 : Math.ceil(size / 2)
    else shortest = shorter
  }
  return shortest
}

function withoutOnePart(text: string, size: number): string[] {
  const starts = Array.from({ length: Math.ceil(text.length / size) }, (_, part) => part * size)
  return starts.map((start) => text.slice(0, start) + text.slice(start + size))
}
