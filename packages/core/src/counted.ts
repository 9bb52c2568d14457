/** Returns the word for a count: `process`, `processes`. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}${noun.endsWith('s') ? 'es' : 's'}`
}

/** Returns a number with its noun: `1 process`, `2 processes`. */
export function counted(count: number, noun: string): string {
  return `${count} ${plural(count, noun)}`
}
