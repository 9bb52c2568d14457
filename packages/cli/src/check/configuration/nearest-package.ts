import { readFileSync } from 'node:fs'
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

function dependenciesAround(folder: string): ReadonlySet<string> | undefined {
  const parent = dirname(folder)
  return read(join(folder, 'package.json')) ?? (parent === folder ? undefined : dependenciesAround(parent))
}

/** @returns `undefined` for a folder without a package, and for one whose `package.json` cannot be read */
function read(path: string): ReadonlySet<string> | undefined {
  observe(path)
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>
    const lists = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']
    return new Set(lists.flatMap((list) => Object.keys(content[list] ?? {})))
  } catch {
    return undefined
  }
}
