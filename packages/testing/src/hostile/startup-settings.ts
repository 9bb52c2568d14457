import type { PoolerProfile } from '@poolsafe/core'
import { readTexts } from './protocol.ts'

/** The parameters of a startup packet. */
export interface StartupRequest {
  readonly user: string
  readonly database: string
  readonly applicationName: string
  /** Its settings by name in lower case. */
  readonly settings: ReadonlyMap<string, string>
  /** The names of requested protocol extensions (`_pq_.…`), none of which is supported. */
  readonly extensions: readonly string[]
}

/** A startup parameter that the pooler refuses, with PgBouncer's message. */
export class UnsupportedParameter extends Error {
  override readonly name: string = 'UnsupportedParameter'
}

/** Every pooler in transaction mode accepts these, because PostgreSQL reports them to its clients. */
const alwaysAccepted = new Set([
  'client_encoding',
  'datestyle',
  'timezone',
  'standard_conforming_strings',
  'application_name',
])

/**
 * Reads the parameters of a startup packet as PgBouncer does. Parameters that the profile tracks hold on every session
 * of the client, parameters in `ignored` are dropped, and all others are refused.
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
