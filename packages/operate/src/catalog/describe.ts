import {
  descriptionVersion,
  type DescribedCode,
  type DescribedEffect,
  type DescribedEventTrigger,
  type DescribedHook,
  type DescribedObject,
  type DescribedRelation,
  type DescribedRoutine,
  type DescribedType,
} from '@poolsafe/core/internal'
import type { CatalogDescription } from '@poolsafe/core'
import type { Cast, Catalog, Domain, EventTrigger, Operator, Routine } from './catalog.ts'
import type { Hook } from './hooks.ts'
import { schemasIn } from './names.ts'
import type { Judged, TracedEffect } from './chains.ts'
import { groupByRelation, keyOf, type ReachedCode } from './reached.ts'

/** The parts of a description in addition to the code that changes the session. */
export interface DescribeOptions {
  /** True if code that could not be judged is in it. */
  readonly undecided: boolean
  readonly writtenAt: Date
}

/** Describes what the code of a database does to the session of its caller. */
export function describeCatalog(catalog: Catalog, code: ReachedCode, options: DescribeOptions): CatalogDescription {
  const describer = new Describer(catalog, code, options)
  return {
    format: 'poolsafe.catalog',
    version: descriptionVersion,
    writtenAt: options.writtenAt.toISOString(),
    database: catalog.server.database,
    serverVersion: catalog.server.version,
    searchPath: schemasIn(catalog.searchPath, '').filter((schema) => schema !== ''),
    routines: describer.routines(),
    relations: describer.relations(),
    operators: describer.operators(),
    types: describer.types(),
    eventTriggers: describer.eventTriggers(),
  }
}

class Describer {
  readonly #catalog: Catalog
  readonly #code: ReachedCode
  readonly #undecided: boolean

  constructor(catalog: Catalog, code: ReachedCode, { undecided }: DescribeOptions) {
    this.#catalog = catalog
    this.#code = code
    this.#undecided = undecided
  }

  routines(): DescribedRoutine[] {
    const { routines, builtIn } = this.#catalog
    const all = routines.filter((routine) => !routine.for_triggers).map((routine) => this.#routine(routine, builtIn))
    return withNamesakes(all, matters)
  }

  #routine(routine: Routine, builtIn: ReadonlySet<string>): DescribedRoutine {
    const { schema, name, least, most, variadic, parameters } = routine
    const judged = this.#code.judge({ routine: routine.oid })
    const code = this.#described(judged)
    const takesBack = judged.effects.some(({ does }) => does === 'clears' || does === 'undoes')
    return {
      schema,
      name,
      least,
      most,
      ...(variadic && { isVariadic: true }),
      ...(parameters !== null && { parameters }),
      ...(builtIn.has(name) && { isBuiltIn: true }),
      ...code,
      ...(takesBack && code.leaves.length > 0 && { runs: judged.effects.map(described) }),
    }
  }

  relations(): DescribedRelation[] {
    const hooks = groupByRelation(this.#code.hooks)
    const all = this.#catalog.relations.map(({ oid, schema, name }) => {
      const own = (hooks.get(oid) ?? []).map((hook) => this.#hook(hook))
      return { schema, name, hooks: own.filter(matters) }
    })
    return withNamesakes(all, (relation) => relation.hooks.length > 0)
  }

  #hook(hook: Hook): DescribedHook {
    const { use, ofColumns, defaultOf, position, ofChildren, code } = hook
    return {
      use,
      ...(ofColumns !== undefined && { ofColumns }),
      ...(defaultOf !== undefined && { defaultOf }),
      ...(position !== undefined && { position }),
      ...(ofChildren !== undefined && { ofChildren }),
      ...this.#described({ left: this.#code.ofHook(hook), ...undecidedOf(this.#code.judge(code)) }),
    }
  }

  operators(): DescribedObject[] {
    return withNamesakes(
      this.#catalog.operators.map((operator) => this.#operator(operator)),
      matters,
    )
  }

  #operator({ schema, name, function: routine }: Operator): DescribedObject {
    const isBuiltIn = this.#catalog.builtInOperators.has(name)
    return { schema, name, ...(isBuiltIn && { isBuiltIn }), ...this.#ofRoutine(routine) }
  }

  types(): DescribedType[] {
    const { domains, carriers, casts } = this.#catalog
    const carrying = carriers.map(({ schema, name, domain }) => this.#domain({ schema, name, oid: domain }))
    return [...domains.map((each) => this.#domain(each)), ...carrying, ...casts.map((each) => this.#cast(each))].filter(
      matters,
    )
  }

  #domain({ oid, schema, name }: Omit<Domain, 'base'>): DescribedType {
    return { schema, name, ...this.#described({ left: this.#code.ofDomain(oid) }) }
  }

  #cast({ schema, name, function: routine }: Cast): DescribedType {
    return { schema, name, isCast: true, ...this.#ofRoutine(routine) }
  }

  eventTriggers(): DescribedEventTrigger[] {
    return this.#catalog.eventTriggers.map((trigger) => this.#eventTrigger(trigger)).filter(matters)
  }

  #eventTrigger({ name, event, tags, function: routine }: EventTrigger): DescribedEventTrigger {
    return { name, event, ...(tags !== null && { tags }), ...this.#ofRoutine(routine) }
  }

  #ofRoutine(routine: string): DescribedCode {
    return this.#described({ left: this.#code.ofRoutine(routine), ...undecidedOf(this.#code.judge({ routine })) })
  }

  #described({ left, undecided }: Pick<Judged, 'left' | 'undecided'>): DescribedCode {
    const byKey = new Map(left.map((effect) => [keyOf(effect), effect]))
    return {
      leaves: [...byKey.values()].map(described),
      ...(undecided !== undefined && this.#undecided && { undecided }),
    }
  }
}

function undecidedOf({ undecided }: Judged): Pick<Judged, 'undecided'> {
  return undecided === undefined ? {} : { undecided }
}

function matters({ leaves, undecided }: DescribedCode): boolean {
  return leaves.length > 0 || undecided !== undefined
}

/** Keeps what changes the session, and what a statement may mean instead: objects with the same name. */
function withNamesakes<Item extends { readonly name: string }>(
  all: readonly Item[],
  changes: (item: Item) => boolean,
): Item[] {
  const names = new Set(all.filter(changes).map(({ name }) => name))
  return all.filter(({ name }) => names.has(name))
}

/** A lock whose number is computed may hold a text of the code, so it has no name in the file. */
function described(effect: TracedEffect): DescribedEffect {
  const { rule, state, what, does, when, object, via, becomes, isUncertain, masks, isUnqualified, hides } = effect
  const { localIf, ifOmitted } = effect
  const isNamed =
    object !== undefined &&
    (state !== 'advisory-lock' || /^(|(exclusive|shared) (-?|\$)\d+(,(-?|\$)\d+)?)$/.test(object))
  return {
    rule,
    state,
    what,
    ...(does !== 'leaves' && { does }),
    ...(when !== 'always' && { when }),
    ...(isNamed && { object }),
    ...(via !== undefined && via.length > 0 && { via }),
    ...(becomes !== undefined && { becomes }),
    ...(isUncertain && { isUncertain }),
    ...(masks && { masks }),
    ...(isUnqualified && { isUnqualified }),
    ...(hides && { hides }),
    ...(localIf !== undefined && { localIf }),
    ...(ifOmitted !== undefined && { ifOmitted }),
  }
}
