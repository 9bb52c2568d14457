import { subscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** Node's message about a `require` that has ended. ES modules load CommonJS packages such as pg by it too. */
interface RequireMessage {
  readonly id?: unknown
  readonly parentFilename?: unknown
  readonly result?: unknown
}

/** A class of node-postgres: `pg.Client`, its native counterpart, or the `Pool` of pg-pool. */
export interface DriverClass {
  readonly prototype: object
}

/** How pg requires the files of its classes, and how others reach for them. Cheap, because each `require` is asked. */
const requestOfClass = /(?:^pg-pool|[\\/]pg-pool[\\/]index\.js|(?:^|[\\/])client(?:\.js)?)$/
/** Their names in Node's cache of modules. */
const fileOfClass = /[\\/](?:pg-pool[\\/]index|lib[\\/](?:native[\\/])?client)\.js$/

/**
 * Calls `found` with the classes of each copy of node-postgres, those that are loaded already and those that will be.
 *
 * @param folderFound called with the folder of each copy's files
 */
export function watchModules(found: (driver: DriverClass) => void, folderFound: (folder: string) => void): void {
  for (const [file, module] of Object.entries(createRequire(import.meta.url).cache)) {
    if (fileOfClass.test(file)) see(module?.exports, file)
  }
  // Node's own API for tracing. It sees what tsx and other loaders load, and changes no source.
  subscribe('tracing:module.require:end', (message) => {
    const { id, parentFilename, result } = message as RequireMessage
    if (typeof id === 'string' && requestOfClass.test(id)) see(result, parentFilename ?? id)
  })

  function see(exported: unknown, file: unknown): void {
    if (!isDriverClass(exported)) return
    if (typeof file === 'string') folderFound(dirname(file))
    found(exported)
  }
}

/** Recognises the classes by their methods, because any package may have a file named client.js. */
function isDriverClass(exported: unknown): exported is DriverClass {
  if (typeof exported !== 'function') return false
  const { prototype } = exported as { readonly prototype?: Record<string, unknown> }
  if (typeof prototype !== 'object' || prototype === null) return false
  const has = (...names: string[]): boolean => names.every((name) => typeof prototype[name] === 'function')
  return has('connect', 'query', 'end') && (has('getStartupConf') || has('_pulseQueue') || has('_pulseQueryQueue'))
}
