/** One member of an interface, and what its docstring says. */
export interface Member {
  readonly name: string
  readonly type: string
  /** Empty without a docstring. */
  readonly meaning: string
  /** What stands behind `@default`; empty without one. */
  readonly fallback: string
}

const member = /(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n +)?(?:readonly )?(\w+)\??: ([^\n]+)/g

/**
 * Reads the members of an interface from its source.
 *
 * @throws Error if the source has no such interface
 */
export function membersOf(source: string, name: string): readonly Member[] {
  const body = new RegExp(`^export interface ${name}\\b[^{]*\\{\\n([^]*?)\\n\\}`, 'm').exec(source)?.[1]
  if (body === undefined) throw new Error(`there is no interface ${name}`)
  return [...body.matchAll(member)].map(([, comment = '', option = '', type = '']) => {
    const [meaning = '', fallback = ''] = textOf(comment).split('@default ')
    return { name: option, type, meaning: meaning.trim(), fallback }
  })
}

/** The members that an interface picks from another one: `extends Pick<Other, 'first' | 'second'>`. */
export function pickedBy(source: string, name: string): readonly string[] {
  const heritage = new RegExp(`^export interface ${name} extends Pick<([^>]*)>`, 'm').exec(source)?.[1]
  if (heritage === undefined) throw new Error(`the interface ${name} picks no members`)
  return [...heritage.matchAll(/'(\w+)'/g)].map(([, picked = '']) => picked)
}

/** The docstring of an interface, as one line. */
export function docstringOf(source: string, name: string): string {
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\nexport interface ${name}\\b`).exec(source)?.[1]
  return textOf(comment ?? '')
}

function textOf(comment: string): string {
  return comment
    .replaceAll(/\s*\n\s*\* ?/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .trim()
}
