import { subscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { nameOfJest, watchJest } from './jest.ts'

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

/** The files of TypeORM and Sequelize with the classes whose calls have names. */
const nameOfOrm = /(?:^|[\\/])(?:EntityManager|\w+QueryBuilder|sequelize)(?:\.js)?$/

/** The reports of {@link watchModules}. */
export interface ModuleWatcher {
  /** The classes of each copy of node-postgres. */
  readonly driver: (driver: DriverClass) => void
  /** The folder of each copy's files. */
  readonly folder: (folder: string) => void
  /** The exports of a file that may belong to an ORM. */
  readonly orm: (exported: object) => void
}

/** Reports the modules that matter: those that are loaded already, and those that will be. */
export function watchModules({ driver, folder, orm }: ModuleWatcher): void {
  for (const [file, module] of Object.entries(createRequire(import.meta.url).cache)) {
    see(file, fileOfClass, file, module?.exports)
  }
  // Node's own API for tracing. It sees what tsx and other loaders load, and changes no source.
  subscribe('tracing:module.require:end', (message) => {
    const { id, parentFilename, result } = message as RequireMessage
    if (typeof id === 'string') see(id, requestOfClass, parentFilename ?? id, result)
  })

  function see(name: string, nameOfClass: RegExp, file: unknown, exported: unknown): void {
    if (nameOfClass.test(name) && isDriverClass(exported)) {
      if (typeof file === 'string') folder(dirname(file))
      driver(exported)
    } else if (isObject(exported)) {
      if (nameOfOrm.test(name)) orm(exported)
      else if (nameOfJest.test(name)) watchJest(exported, (id, from, found) => see(id, requestOfClass, from, found))
    }
  }
}

function isObject(exported: unknown): exported is object {
  return (typeof exported === 'object' && exported !== null) || typeof exported === 'function'
}

/** Recognises the classes by their methods, because any package may have a file named client.js. */
function isDriverClass(exported: unknown): exported is DriverClass {
  if (typeof exported !== 'function') return false
  const { prototype } = exported as { readonly prototype?: Record<string, unknown> }
  if (typeof prototype !== 'object' || prototype === null) return false
  const has = (...names: string[]): boolean => names.every((name) => typeof prototype[name] === 'function')
  return has('connect', 'query', 'end') && (has('getStartupConf') || has('_pulseQueue') || has('_pulseQueryQueue'))
}
