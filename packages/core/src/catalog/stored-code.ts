import type { DetectedEffect } from '../analyze/analysis.ts'
import { createScanWith } from '../analyze/analyze.ts'
import type { Block } from '../analyze/do-block.ts'
import type { CallReference, NameReference, Reach, References, RelationReference } from '../analyze/references.ts'
import { maybe } from '../analyze/stored.ts'
import { effectsOfArguments } from './call-arguments.ts'
import { fires, runsHook, takesArguments, visibleIn } from './conditions.ts'
import type {
  CatalogDescription,
  DescribedCode,
  DescribedEffect,
  DescribedHook,
  DescribedObject,
  DescribedRelation,
  DescribedRoutine,
  DescribedType,
} from './description.ts'
import { createNameSearch } from './name-search.ts'
import { meantBy } from './overloads.ts'

const nothing: Block = { effects: [] }

/** Finds what a statement runs in a database, by the description of that database. */
export class StoredCode implements Reach {
  /** The description of that code. */
  readonly description: CatalogDescription
  readonly scan: (sql: string) => boolean
  #mentions: ((sql: string) => boolean) | undefined
  readonly #routines: ReadonlyMap<string, readonly DescribedRoutine[]>
  readonly #relations: ReadonlyMap<string, readonly DescribedRelation[]>
  readonly #operators: ReadonlyMap<string, readonly DescribedObject[]>
  readonly #types: ReadonlyMap<string, readonly DescribedType[]>

  constructor(description: CatalogDescription) {
    this.description = description
    this.#routines = byName(description.routines)
    this.#relations = byName(description.relations)
    this.#operators = byName(description.operators)
    this.#types = byName(description.types)
    this.scan = createScanWith((parts) => searchOf(description, parts))
  }

  mentions(sql: string): boolean {
    this.#mentions ??= searchOf(this.description)
    return this.#mentions(sql)
  }

  effectsOf({ calls, relations, operators, types, command }: References): Block {
    return joined([
      ...calls.map((call) => this.#ofCall(call)),
      ...relations.map((reference) => this.#ofRelation(reference)),
      ...operators.map((reference) => this.#ofOperator(reference)),
      ...types.map((reference) => this.#ofType(reference)),
      ...(command === undefined ? [] : this.#ofCommand(command)),
    ])
  }

  #visible<Item extends { readonly schema: string }>(items: readonly Item[], { schema }: NameReference): Item[] {
    return items.length === 0 ? [] : visibleIn(items, schema, this.description.searchPath)
  }

  #ofCall(call: CallReference): Block {
    const { name, schema, arguments: count, values } = call
    const known = this.#routines.get(name)?.filter((each) => takesArguments(each, count) && isMeant(each, schema))
    const routines = meantBy(this.#visible(known ?? [], call), values)
    const isSure = call.isSure && routines.length === 1
    return chosen(routines, `${written(call)}() is the name of several functions, of which not all`, (routine) =>
      through([`${fullName(routine)}()`], routine, ofCall(routine, values, isSure)),
    )
  }

  #ofRelation(reference: RelationReference): Block {
    const relations = this.#visible(this.#relations.get(reference.name) ?? [], reference)
    const runs = (hook: DescribedHook): boolean => hook.use === reference.use && runsHook(hook, reference)
    const used = relations.map((relation) => ({ relation, hooks: relation.hooks.filter(runs) }))
    const label = (relation: DescribedRelation): string => `${verbs[reference.use]} ${fullName(relation)}`
    const blocks = used.map(({ relation, hooks }) =>
      joined(hooks.map((hook) => through([label(relation)], hook, hook.leaves))),
    )
    return oneOf(blocks, `${written(reference)} is the name of several relations, of which not all`)
  }

  #ofOperator(reference: NameReference): Block {
    const known = this.#operators.get(reference.name)?.filter((each) => isMeant(each, reference.schema))
    return chosen(
      this.#visible(known ?? [], reference),
      'an operator with several meanings, of which not all',
      (each) => through([`operator ${fullName(each)}`], each, maybe(detected(each.leaves))),
    )
  }

  #ofType(reference: References['types'][number]): Block {
    const types = this.#visible(this.#types.get(reference.name) ?? [], reference)
    const used = types.filter(({ isCast }) => isCast !== true || !reference.isOfConstant)
    return joined(
      used.map((type) => through(type.isCast === true ? [`cast to ${fullName(type)}`] : [], type, type.leaves)),
    )
  }

  #ofCommand(command: string): Block[] {
    return this.description.eventTriggers
      .filter((trigger) => fires(trigger, command))
      .map((trigger) =>
        through(
          [command === '' ? 'a DDL statement' : command, `event trigger ${trigger.name}`],
          trigger,
          trigger.leaves,
        ),
      )
  }
}

/** Returns the search for all names behind which something changes the session, and for these names of the rules. */
function searchOf(
  { routines, relations, operators, types }: CatalogDescription,
  parts: readonly string[] = [],
): (sql: string) => boolean {
  const changing = [...routines, ...types, ...operators].filter(matters)
  const names = (objects: readonly DescribedObject[]): string[] =>
    objects.filter((each) => matters(each) && each.isBuiltIn !== true).map(({ name }) => name)
  return createNameSearch(
    [
      ...names(routines),
      ...names(types),
      ...relations.filter(({ hooks }) => hooks.some(matters)).map(({ name }) => name),
      // An unqualified name means PostgreSQL's own, so the schema has to be there.
      ...changing.filter(({ isBuiltIn }) => isBuiltIn === true).map(({ schema }) => schema),
    ],
    names(operators),
    parts,
  )
}

function matters({ leaves, undecided }: DescribedCode): boolean {
  return leaves.length > 0 || undecided !== undefined
}

function isMeant({ isBuiltIn }: DescribedObject, schema: string | undefined): boolean {
  return isBuiltIn !== true || schema !== undefined
}

const verbs: Readonly<Record<RelationReference['use'], string>> = {
  select: 'SELECT FROM',
  insert: 'INSERT INTO',
  update: 'UPDATE',
  delete: 'DELETE FROM',
  truncate: 'TRUNCATE',
  refresh: 'REFRESH MATERIALIZED VIEW',
}

/** The effects of the object that a name means. Of several, all must change the session. */
function chosen<Item extends DescribedCode>(
  items: readonly Item[],
  why: string,
  blockOf: (item: Item) => Block,
): Block {
  return items.some(matters) ? oneOf(items.map(blockOf), why) : nothing
}

function oneOf(blocks: readonly Block[], why: string): Block {
  const changing = blocks.filter(({ effects, undecided }) => effects.length > 0 || undecided !== undefined)
  if (changing.length === 0) return nothing
  return changing.length === blocks.length ? joined(blocks) : { effects: [], undecided: `${why} change the session` }
}

function through(links: readonly string[], { undecided }: DescribedCode, effects: readonly DescribedEffect[]): Block {
  return {
    effects: detected(effects).map((effect) => Object.assign(effect, { via: [...links, ...(effect.via ?? [])] })),
    ...(undecided !== undefined && { undecided: [links.join(' → '), undecided].join(': ') }),
  }
}

function ofCall(
  { parameters = [], runs, leaves }: DescribedRoutine,
  values: CallReference['values'],
  isSure: boolean,
): DetectedEffect[] {
  const effects = effectsOfArguments(detected(isSure ? (runs ?? leaves) : leaves), parameters, values)
  return isSure ? effects : maybe(effects)
}

function detected(effects: readonly DescribedEffect[]): DetectedEffect[] {
  return effects.map((effect) => Object.assign({ does: 'leaves', when: 'always' } as const, effect))
}

function joined(blocks: readonly Block[]): Block {
  const undecided = blocks.find((block) => block.undecided !== undefined)?.undecided
  const effects = blocks.flatMap((block) => block.effects)
  return effects.length === 0 && undecided === undefined
    ? nothing
    : { effects, ...(undecided !== undefined && { undecided }) }
}

function written({ name, schema }: NameReference): string {
  return schema === undefined ? name : `${schema}.${name}`
}

function fullName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`
}

function byName<Item extends { readonly name: string }>(items: readonly Item[]): Map<string, Item[]> {
  const found = new Map<string, Item[]>()
  for (const item of items) {
    const known = found.get(item.name)
    if (known === undefined) found.set(item.name, [item])
    else known.push(item)
  }
  return found
}
