import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { observe } from '../cache/observed.ts'

/** Drivers that speak to PostgreSQL, and ORMs that bring one. */
const postgresDriver =
  /^(?:pg|pg-native|pg-promise|postgres|slonik|kysely-postgres-js|kysely-neon|@neondatabase\/serverless|@vercel\/postgres\S*|@electric-sql\/pglite|@prisma\/client|@databases\/pg|typeorm|knex|sequelize|drizzle-orm)$/

/**
 * Returns true if the package around a file depends on this library and on no driver for PostgreSQL, so it uses the
 * library with another database. False if no `package.json` says so.
 */
export function isForOtherDatabase(path: string, library: string): boolean {
  const names = dependenciesAround(dirname(path))
  return names !== undefined && names.has(library) && ![...names].some((name) => postgresDriver.test(name))
}

/** Drivers of other databases that Sequelize can use. */
const otherDriver = /^(?:mysql2?|mariadb|sqlite3|better-sqlite3|tedious|oracledb|ibm_db|snowflake-sdk)$/

/** Returns true if the package around a file depends on this library, on node-postgres, and on no other driver. */
export function usesOnlyPostgres(path: string, library: string): boolean {
  const names = dependenciesAround(dirname(path))
  return (
    names !== undefined && names.has(library) && names.has('pg') && ![...names].some((name) => otherDriver.test(name))
  )
}

/** Databases that a package talks to by a driver of its own. */
const ownPostgres = /^(?:@types\/)?pg(?:-|$)|postgres|slonik|neon|supabase|cockroach|vercel\/|databases\/pg/
const ownOther =
  /^(?:mysql2?|mariadb|better-sqlite3|sqlite3?|tedious|mssql|oracledb|@libsql\/client|@planetscale\/database|expo-sqlite|@prisma\/adapter-(?:mariadb|mssql|libsql|better-sqlite3|d1|planetscale))$/
/** A package of the same repository that may bring a connection. */
const bringsDatabase = /^(?:workspace:|file:|link:|portal:|\*$)/

/**
 * Returns true if the code in a folder speaks to another database: the nearest package that has a driver has none for
 * PostgreSQL, and the schemas of its Prisma name another database.
 */
export function isOfOtherPackage(start: string): boolean {
  for (let folder = start; ; folder = dirname(folder)) {
    const known = databaseOf(folder)
    if (known !== undefined) return known === 'other'
    if (dirname(folder) === folder) return false
  }
}

/** @returns `undefined` for a folder whose package says nothing of a database, or without a package */
function databaseOf(folder: string): 'postgres' | 'other' | 'unknown' | undefined {
  const versions = versionsIn(join(folder, 'package.json'))
  const names = [...(versions?.keys() ?? [])]
  if (names.some((name) => ownPostgres.test(name))) return 'postgres'
  const hasPrisma = names.some((name) => /^(?:@prisma\/client|prisma)$/.test(name))
  if (hasPrisma) return providersIn(folder)
  if (!names.some((name) => ownOther.test(name))) return undefined
  const mayBring = names.some(
    (name) =>
      bringsDatabase.test(versions?.get(name) ?? '') && /db|data|sql|orm|prisma|drizzle|core|server/i.test(name),
  )
  return mayBring ? 'unknown' : 'other'
}

/** Returns the database that schemas of Prisma name. One that names PostgreSQL decides. */
function providersIn(folder: string): 'postgres' | 'other' | 'unknown' {
  const providers = [folder, join(folder, 'prisma'), join(folder, 'prisma/schema')].flatMap((each) => schemasIn(each))
  if (providers.length === 0 || providers.some((name) => name.startsWith('postgres'))) return 'unknown'
  return providers.every((name) => /^(?:mysql|sqlite|sqlserver|mongodb)$/.test(name)) ? 'other' : 'unknown'
}

function schemasIn(folder: string): string[] {
  observe(folder)
  try {
    return readdirSync(folder).flatMap((name) => {
      if (!name.endsWith('.prisma')) return []
      observe(join(folder, name))
      const source = readFileSync(join(folder, name), 'utf8')
      const provider = /^\s*datasource\s+\w+\s*\{[^}]*?^\s*provider\s*=\s*(?:"(\w+)"|env)/m.exec(source)
      return provider === null ? [] : [provider[1] ?? 'env']
    })
  } catch {
    return []
  }
}

function dependenciesAround(folder: string): ReadonlySet<string> | undefined {
  const parent = dirname(folder)
  return read(join(folder, 'package.json')) ?? (parent === folder ? undefined : dependenciesAround(parent))
}

function read(path: string): ReadonlySet<string> | undefined {
  const versions = versionsIn(path)
  return versions === undefined ? undefined : new Set(versions.keys())
}

/** @returns `undefined` for a folder without a package, and for one whose `package.json` cannot be read */
function versionsIn(path: string): ReadonlyMap<string, string> | undefined {
  observe(path)
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>
    const lists = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']
    return new Map(lists.flatMap((list) => Object.entries((content[list] ?? {}) as Readonly<Record<string, string>>)))
  } catch {
    return undefined
  }
}
