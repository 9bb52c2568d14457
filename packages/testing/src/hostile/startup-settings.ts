import type { PoolerProfile } from '@poolsafe/core'
import { readTexts } from './protocol.ts'

/** What a client says of itself when it connects. */
export interface StartupRequest {
  readonly user: string
  readonly database: string
  readonly applicationName: string
  /** The settings that it is given, in lower case, with their values. */
  readonly settings: ReadonlyMap<string, string>
  /** The names of further parts of the protocol that it asked for (`_pq_.…`), which nobody here knows. */
  readonly extensions: readonly string[]
}

/** A startup parameter that the pooler does not accept, in PgBouncer's words. */
export class UnsupportedParameter extends Error {
  override readonly name: string = 'UnsupportedParameter'
}

/** Every pooler in transaction mode accepts these: the server has reported them to its clients since long ago. */
const alwaysAccepted = new Set([
  'client_encoding',
  'datestyle',
  'timezone',
  'standard_conforming_strings',
  'application_name',
])

/**
 * Reads the parameters of a startup packet as PgBouncer does: those that the profile tracks are the client's on every
 * session, those that are named by `ignored` are dropped, all others are refused.
 *
 * @throws UnsupportedParameter
 */
export function readStartupRequest(body: Buffer, profile: PoolerProfile, ignored: ReadonlySet<string>): StartupRequest {
  const texts = readTexts(body, 0)
  const given = new Map(texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1] ?? ''] as const] : [])))
  const user = given.get('user') ?? ''
  if (user === '') throw new UnsupportedParameter('no username supplied')
  const settings = new Map<string, string>()
  const accept = (name: string, value: string, where: string): void => {
    const key = name.toLowerCase()
    if (alwaysAccepted.has(key) || profile.trackedSettings.has(key)) settings.set(key, value)
    else if (!ignored.has(key)) throw new UnsupportedParameter(`unsupported startup parameter${where}: ${name}`)
  }
  for (const [name, value] of given) {
    if (name === 'user' || name === 'database' || name.startsWith('_pq_.')) continue
    if (name === 'options' && !ignored.has(name))
      for (const [inner, its] of optionsIn(value)) accept(inner, its, ' in options')
    else accept(name, value, '')
  }
  const extensions = [...given.keys()].filter((name) => name.startsWith('_pq_.'))
  return {
    user,
    database: given.get('database') ?? user,
    applicationName: settings.get('application_name') ?? '',
    settings,
    extensions,
  }
}

/** The settings of `options=-c name=value --name=value`. */
function optionsIn(options: string): (readonly [string, string])[] {
  const words = options.replaceAll(/(^|\s)-c\s*/g, '$1--').match(/(?:\\.|\S)+/g) ?? []
  return words.map((word) => {
    const [name = '', ...value] = word.replaceAll(/\\(.)/g, '$1').split('=')
    if (!name.startsWith('--')) throw new UnsupportedParameter('unsupported startup parameter: options')
    return [name.slice(2).replaceAll('-', '_'), value.join('=')] as const
  })
}
