import { meantBy, takesArguments, visibleIn, type CallReference, type NameReference } from '@poolsafe/core/internal'
import type { Catalog, Routine } from './catalog.ts'

/** Something in a schema. */
interface Named {
  readonly schema: string
  readonly name: string
}

/** Finds objects by the names in a statement. */
export class Names {
  readonly #routines: ReadonlyMap<string, readonly Routine[]>
  readonly #relations: ReadonlyMap<string, readonly Catalog['relations'][number][]>
  readonly #operators: ReadonlyMap<string, readonly Catalog['operators'][number][]>
  readonly #domains: ReadonlyMap<string, readonly Catalog['domains'][number][]>
  readonly #carriers: ReadonlyMap<string, readonly Catalog['carriers'][number][]>
  readonly #casts: ReadonlyMap<string, readonly Catalog['casts'][number][]>
  readonly #catalog: Catalog
  /** Names that are one word, in lower case, and all others. */
  readonly #words = new Set<string>()
  readonly #others: string[] = []

  constructor(catalog: Catalog) {
    this.#catalog = catalog
    this.#routines = byName(catalog.routines)
    this.#relations = byName(catalog.relations)
    this.#operators = byName(catalog.operators)
    this.#domains = byName(catalog.domains)
    this.#carriers = byName(catalog.carriers)
    this.#casts = byName(catalog.casts)
    const { routines, relations, operators, domains, carriers, casts } = catalog
    for (const { name } of [...routines, ...relations, ...operators, ...domains, ...carriers, ...casts]) {
      if (/^[\w$\u0080-\uffff]+$/.test(name)) this.#words.add(name.toLowerCase())
      else this.#others.push(name)
    }
  }

  /** Returns false if a text surely has no name of this catalog. */
  mentions(sql: string): boolean {
    // U&"…" may spell any name, and "" is a quote in one.
    if (sql.includes('&"') || sql.includes('""') || this.#others.some((name) => sql.includes(name))) return true
    for (const [word] of sql.matchAll(/[\w$\u0080-\uffff]+/g)) if (this.#words.has(word.toLowerCase())) return true
    return false
  }

  /** @param path the schemas where unqualified names are looked up */
  routines(call: CallReference, path: readonly string[]): Routine[] {
    if (call.schema === undefined && this.#catalog.builtIn.has(call.name)) return []
    const taking = (this.#routines.get(call.name) ?? []).filter((routine) => takes(routine, call.arguments))
    return meantBy(
      visible(taking, call, path).map((routine) => ({ routine, parameters: routine.parameters ?? [] })),
      call.values,
    ).map(({ routine }) => routine)
  }

  relations(name: NameReference, path: readonly string[]): Catalog['relations'][number][] {
    return visible(this.#relations.get(name.name), name, path)
  }

  /** An operator of PostgreSQL with the same name may be meant, so an unqualified one is found by a name of its own. */
  operators(name: NameReference, path: readonly string[]): Catalog['operators'][number][] {
    if (name.schema === undefined && this.#catalog.builtInOperators.has(name.name)) return []
    return visible(this.#operators.get(name.name), name, path)
  }

  /** Returns the oids of the domains that a type is or has inside. */
  domains(name: NameReference, path: readonly string[]): string[] {
    return [
      ...visible(this.#domains.get(name.name), name, path).map(({ oid }) => oid),
      ...visible(this.#carriers.get(name.name), name, path).map(({ domain }) => domain),
    ]
  }

  casts(name: NameReference, path: readonly string[]): Catalog['casts'][number][] {
    return visible(this.#casts.get(name.name), name, path)
  }
}

function byName<Item extends Named>(items: readonly Item[]): Map<string, Item[]> {
  const found = new Map<string, Item[]>()
  for (const item of items) {
    const known = found.get(item.name)
    if (known === undefined) found.set(item.name, [item])
    else known.push(item)
  }
  return found
}

function visible<Item extends Named>(
  items: readonly Item[] = [],
  { schema }: NameReference,
  path: readonly string[],
): Item[] {
  return visibleIn(items, schema, path)
}

function takes({ least, most, variadic: isVariadic }: Routine, count: number): boolean {
  return takesArguments({ least, most, isVariadic }, count)
}

/**
 * Reads a search path as PostgreSQL does.
 *
 * @param user what `"$user"` stands for
 */
export function schemasIn(path: string, user: string): string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)]
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain?.toLowerCase() ?? '')
    .map((schema) => (schema === '$user' ? user : schema))
}
