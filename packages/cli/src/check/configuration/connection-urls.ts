import { poolers, type DetectedPooler } from '@poolsafe/core'

/** The URL of a database in a file of settings. */
export interface ConnectionUrl {
  /** The name of the variable: `DATABASE_URL`. */
  readonly name: string
  /** The offset of the URL in the file. */
  readonly at: number
  readonly length: number
  /** True if its name says that it bypasses the pooler. */
  readonly isNamedDirect: boolean
  /** The pooler that it leads to, as far as it shows. */
  readonly pooler: DetectedPooler | undefined
  /** Names of its parameters, in lower case. */
  readonly parameters: readonly string[]
}

const line = /^[^#\n]*?\b(\w*(?:URL|URI|DSN)\w*)["']?\s*[:=]\s*["']?(postgres(?:ql)?:\/\/[^\s"'#]+)/gim
const directName = /(?<!re)direct|unpooled|non_?pool|migrat/i

/** A manifest of Kubernetes has the name and the value in two lines. */
const pair =
  /^[ \t]*-?[ \t]*name:[ \t]*["']?(\w*(?:URL|URI|DSN)\w*)["']?[ \t]*\n[ \t]*value:[ \t]*["']?(postgres(?:ql)?:\/\/[^\s"'#]+)/gim

/** Finds the URLs in `.env.example`, compose files, manifests and the like. Commented lines do not count. */
export function connectionUrls(source: string): ConnectionUrl[] {
  // No setting has a line as long as a file that a program made.
  if (/[^\n]{5000}/.test(source)) return []
  const found = [...source.matchAll(line), ...source.matchAll(pair)]
  return found.map(({ 0: whole, 1: name = '', 2: url = '', index }) => ({
    name,
    at: index + whole.length - url.length,
    length: url.length,
    isNamedDirect: directName.test(name),
    pooler: poolers.detect({ url: readable(url) }),
    parameters: [...(url.split('?')[1] ?? '').matchAll(/(?:^|&)([^=&]+)=/g)].map(([, key = '']) => key.toLowerCase()),
  }))
}

/** `${HOST:-localhost}` and `[YOUR-PASSWORD]` are no part of a URL. */
function readable(url: string): string {
  return url
    .replaceAll(/:\$\{?\w*PORT\w*(?::-(\d+))?\}?/gi, (_, port?: string) => (port === undefined ? '' : `:${port}`))
    .replaceAll(/\$\{\w+(?::-([^}]*))?\}/g, (_, value: string = 'x') => value)
    .replaceAll(/\$\w+|\[[^\]]*\]|<[^>]*>/g, 'x')
}

/** Returns true if a URL certainly leads to a pooler. A port alone is a habit, except for those of poolers. */
export function leadsToPooler({ pooler }: ConnectionUrl): boolean {
  return pooler !== undefined && pooler.profile.isDirect !== true && pooler.profile.carries.setting !== 'kept'
}
