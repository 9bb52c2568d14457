import type { Random } from '../random.ts'
import { kinds, type Kind } from './transaction.ts'

/** PostgreSQL keeps 63 bytes of a name. Some of these names are equal for PostgreSQL, some are not. */
const long = 'l'.repeat(62)
const wide = 'é'.repeat(31)
const names = ['a', 'b', 'A', '"A"', `${long}xa`, `${long}xb`, `"${long}ya"`, `"${wide}ax"`, `"${wide}ay"`]

/** The names as the server stores them. */
export const storedNames: readonly string[] = ['a', 'b', 'A', `${long}x`, `${long}y`, `${wide}a`]

const settings: Readonly<Record<string, readonly [string, string]>> = {
  'app.a': ["'1'", "'2'"],
  'app.b': ["'1'", "'2'"],
  work_mem: ["'5MB'", "'6MB'"],
  statement_timeout: ["'71s'", "'72s'"],
  application_name: ["'one'", "'two'"],
  search_path: ['public, pg_temp', 'public'],
  timezone: ["'UTC+3'", "'UTC+4'"],
  datestyle: ["'German'", "'SQL'"],
}

export const settingNames: readonly string[] = Object.keys(settings)

/** Classes of temporary objects, with statements that create one of a given name. */
const classes: Readonly<Record<string, (name: string) => readonly string[]>> = {
  TABLE: (of) => [
    `CREATE TEMP TABLE ${of} (id int)`,
    `CREATE TABLE pg_temp.${of} AS SELECT 1 AS id`,
    `SELECT 1 AS id INTO TEMP ${of}`,
  ],
  VIEW: (of) => [`CREATE TEMP VIEW ${of} AS SELECT 1 AS id`, `CREATE OR REPLACE TEMP VIEW ${of} AS SELECT 1 AS id`],
  SEQUENCE: (of) => [`CREATE TEMP SEQUENCE ${of}`, `CREATE SEQUENCE pg_temp.${of}`],
  FUNCTION: (of) => [`CREATE FUNCTION pg_temp.${of}() RETURNS int LANGUAGE sql AS 'SELECT 1'`],
  PROCEDURE: (of) => [`CREATE PROCEDURE pg_temp.${of}() LANGUAGE sql AS 'SELECT 1'`],
  TYPE: (of) => [`CREATE TYPE pg_temp.${of} AS ENUM ('ok')`, `CREATE TYPE pg_temp.${of} AS (id int)`],
  DOMAIN: (of) => [`CREATE DOMAIN pg_temp.${of} AS int`],
}

/** The few kinds and names of one transaction, so that its statements concern the same state. */
export class Theme {
  readonly kinds: readonly Kind[]
  readonly #random: Random
  readonly #names: readonly string[]
  readonly #settings: readonly string[]
  readonly #keys: readonly string[]
  readonly #classes: readonly string[]

  constructor(random: Random) {
    this.#random = random
    this.kinds = random.chance(0.7) ? [random.pick(kinds)] : [random.pick(kinds), random.pick(kinds)]
    this.#names = this.#some(names)
    this.#settings = this.#some(settingNames)
    this.#keys = this.#some(['1', '2', '1, 2', '2, 1', "hashtext('a')"])
    this.#classes = this.#some(Object.keys(classes))
  }

  #some(all: readonly string[]): string[] {
    const random = this.#random
    return Array.from({ length: random.chance(0.6) ? 1 : 3 }, () => random.pick(all))
  }

  /** A name of a savepoint, a prepared statement, a channel, a cursor or a temporary object. */
  get name(): string {
    return this.#random.pick(this.#names)
  }

  get setting(): string {
    return this.#random.pick(this.#settings)
  }

  get assignment(): string {
    const of = this.setting
    return `${of} = ${this.#random.pick(settings[of] ?? [])}`
  }

  /** A key of an advisory lock. */
  get key(): string {
    return this.#random.pick(this.#keys)
  }

  get class(): string {
    return this.#random.pick(this.#classes)
  }

  get creation(): string {
    return this.#random.pick(classes[this.class]?.(this.name) ?? [])
  }
}
