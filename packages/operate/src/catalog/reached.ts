import type { DetectedEffect } from '@poolsafe/core/adapter'
import {
  analyzeRoutine,
  analyzeStatements,
  effectsLeft,
  effectsOfArguments,
  fires,
  maybe,
  runsHook,
  withoutArguments,
  type ArgumentValue,
  type CallReference,
  type Parameter,
  type Reach,
  type References,
  type RelationReference,
  type RelationUse,
  type StoredAnalysis,
  type TriggerFacts,
} from '@poolsafe/core/internal'
import type { Catalog, Relation, Routine } from './catalog.ts'
import { Chains, nothing, type Judged, type TracedEffect } from './chains.ts'
import { hooksOf, selecting, type Code, type Hook, type Through } from './hooks.ts'
import { Names, schemasIn } from './names.ts'

/** The most effects of one piece of code that are followed, so that calls of calls do not multiply without bound. */
const mostEffects = 128

/** The surroundings of a piece of code. */
interface Place {
  readonly path: readonly string[]
  /** Set for a view that passes changes on to its table. */
  readonly passes?: RelationUse | undefined
  /** The functions that it calls, if PostgreSQL has found them. */
  readonly uses?: readonly string[] | undefined
  /** The parameters of the routine. */
  readonly own?: readonly Parameter[]
}

/** Follows code through the calls, tables, operators and types that it uses. */
export class ReachedCode {
  readonly hooks: readonly Hook[]
  readonly #hooksOf: ReadonlyMap<string, readonly Hook[]>
  readonly #catalog: Catalog
  readonly #names: Names
  readonly #routines: ReadonlyMap<string, Routine>
  readonly #relations: ReadonlyMap<string, Relation>
  readonly #chains = new Chains((code) => this.#judge(code))

  constructor(catalog: Catalog) {
    this.#catalog = catalog
    const hooks = hooksOf(catalog)
    this.hooks = hooks.filter(({ isReplaced }) => isReplaced !== true)
    this.#hooksOf = groupByRelation(hooks)
    this.#names = new Names(catalog)
    this.#routines = new Map(catalog.routines.map((routine) => [routine.oid, routine]))
    this.#relations = new Map(catalog.relations.map((relation) => [relation.oid, relation]))
  }

  /** Judges a piece of code with all that it reaches. */
  judge(code: Code): Judged {
    return this.#chains.judge(code)
  }

  #judge(code: Code): Judged {
    if ('relation' in code) return this.#ofRelation(code.relation, code.use, code.through)
    if ('sql' in code) {
      const reach = this.#reach({ path: this.#defaultPath(''), passes: code.passes, uses: code.uses })
      return judgedOf(analyzeStatements(code.sql, reach))
    }
    const routine = this.#routines.get(code.routine)
    return routine === undefined ? nothing : this.#ofRoutine(routine, code.trigger)
  }

  #ofRoutine(routine: Routine, trigger: TriggerFacts | undefined): Judged {
    const { kind, definition, parts, language, owner, parameters, uses, search_path: path } = routine
    if (kind === 'a') return union((parts ?? []).map((part) => independent(this.judge({ routine: part }))))
    if (definition === null) return { ...nothing, undecided: `a function in the language ${language}` }
    const schemas = path === null ? this.#defaultPath(owner) : schemasIn(path, owner)
    const reach = this.#reach({ path: schemas, own: parameters ?? [], uses: uses ?? undefined })
    return judgedOf(analyzeRoutine(definition, reach, trigger))
  }

  #defaultPath(user: string): string[] {
    return schemasIn(this.#catalog.searchPath, user)
  }

  #ofRelation(oid: string, use: RelationUse, through: Through): Judged {
    const relation = this.#relations.get(oid)
    if (relation === undefined) return nothing
    const used = this.#hooksOn(
      relation,
      use,
      through === 'row' ? undefined : { ...nameOnly(relation), use, ...through },
    )
    return ofEffects(this.#ofHooks(relation, use, through === 'row' ? used.filter(runsForRow) : used))
  }

  #reach(place: Place): Reach {
    return {
      effectsOf: (references) => ({ effects: bounded(this.#reachedBy(references, place)) }),
      mentions: (sql) => place.uses !== undefined || this.#names.mentions(sql),
    }
  }

  #reachedBy(references: References, place: Place): TracedEffect[] {
    const { path, passes, uses, own = [] } = place
    return [
      ...this.#ofCommand(references.command),
      ...references.calls.flatMap((written) => {
        const call = { ...written, values: written.values.map((value) => typed(value, own)) }
        const routines = this.#names.routines(call, path).filter(({ oid }) => uses?.includes(oid) !== false)
        const isSure = call.isSure && routines.length === 1
        return routines.flatMap((routine) => this.#ofCall(routine, isSure, call.values))
      }),
      ...(uses === undefined ? [] : this.#ofUnwritten(uses, references)),
      ...references.relations.flatMap((reference) =>
        this.#names.relations(reference, path).flatMap((relation) => {
          const use = passes !== undefined && reference.use === 'select' ? passes : reference.use
          return this.#ofUse(relation, use, reference)
        }),
      ),
      ...references.operators.flatMap((name) =>
        this.#names
          .operators(name, path)
          .flatMap((operator) =>
            traced(`operator ${operator.schema}.${operator.name}`, maybe(this.ofRoutine(operator.function))),
          ),
      ),
      ...references.types.flatMap((name) => [
        ...this.#names.domains(name, path).flatMap((oid) => this.ofDomain(oid)),
        ...(name.isOfConstant
          ? []
          : this.#names
              .casts(name, path)
              .flatMap((cast) => traced(`cast to ${cast.target}`, maybe(this.ofRoutine(cast.function))))),
      ]),
    ]
  }

  /** Functions that PostgreSQL calls without their names: casts, operators. */
  #ofUnwritten(uses: readonly string[], { calls }: References): TracedEffect[] {
    return uses.flatMap((oid) => {
      const routine = this.#routines.get(oid)
      const isWritten = routine === undefined || calls.some(({ name }) => name === routine.name)
      return isWritten ? [] : maybe(this.ofRoutine(oid))
    })
  }

  /** Returns what the event triggers of a DDL statement leave. */
  #ofCommand(command: string | undefined): TracedEffect[] {
    if (command === undefined) return []
    return this.#catalog.eventTriggers
      .filter((trigger) => fires(trigger, command))
      .flatMap(({ name, function: routine }) =>
        traced(command === '' ? 'a DDL statement' : command, traced(`event trigger ${name}`, this.ofRoutine(routine))),
      )
  }

  /** Returns what a routine leaves, from its name on. */
  ofRoutine(routine: string): TracedEffect[] {
    const found = this.#routines.get(routine)
    return found === undefined ? [] : traced(labelOf(found), withoutArguments(this.judge({ routine }).left))
  }

  /** A call that surely happens may also take back what its caller has left. */
  #ofCall(routine: Routine, isSure: boolean, values: CallReference['values']): TracedEffect[] {
    const { effects, left } = this.judge({ routine: routine.oid })
    const own = effectsOfArguments(isSure ? effects : left, routine.parameters ?? [], values)
    return traced(labelOf(routine), isSure ? own : maybe(own))
  }

  /** Returns what the checks of a domain leave. */
  ofDomain(oid: string): TracedEffect[] {
    const domain = this.#catalog.domains.find((each) => each.oid === oid)
    if (domain === undefined) return []
    const own = this.#catalog.checks
      .filter((check) => check.domain === oid)
      .flatMap((check) => maybe(this.judge({ sql: selecting(check.expression) }).left))
    return [...traced(`domain ${domain.schema}.${domain.name}`, own), ...this.ofDomain(domain.base)]
  }

  #ofUse(relation: Relation, use: RelationUse, reference: RelationReference): TracedEffect[] {
    return this.#ofHooks(relation, use, this.#hooksOn(relation, use, { ...reference, use }))
  }

  #hooksOn({ oid }: Relation, use: RelationUse, reference: RelationReference | undefined): Hook[] {
    const hooks = (this.#hooksOf.get(oid) ?? []).filter((hook) => hook.use === use)
    if (reference === undefined) return hooks
    return hooks.filter((hook) => hook.isReplaced !== true && runsHook(hook, reference))
  }

  #ofHooks(relation: Relation, use: RelationUse, hooks: readonly Hook[]): TracedEffect[] {
    return hooks.flatMap((hook) => traced(`${use} ${nameOf(relation)}`, this.ofHook(hook)))
  }

  /** Returns what a hook leaves. It runs for any number of rows. */
  ofHook({ label, code, use }: Hook): TracedEffect[] {
    const left = withoutArguments(this.judge(code).left)
    // PostgreSQL puts settings back when a REFRESH ends. Locks stay.
    const stays = use === 'refresh' ? left.filter(({ state }) => state !== 'setting') : left
    const routine = 'routine' in code ? this.#routines.get(code.routine) : undefined
    return traced(label, routine === undefined ? maybe(stays) : traced(labelOf(routine), maybe(stays)))
  }
}

/** A parameter of the routine has the type of its declaration. */
function typed(value: ArgumentValue, own: readonly Parameter[]): ArgumentValue {
  const type = value.parameter === undefined ? undefined : own[value.parameter - 1]?.type
  return type === undefined || value.type !== undefined ? value : { ...value, type }
}

export function groupByRelation(hooks: readonly Hook[]): Map<string, Hook[]> {
  const found = new Map<string, Hook[]>()
  for (const hook of hooks) {
    const known = found.get(hook.relation)
    if (known === undefined) found.set(hook.relation, [hook])
    else known.push(hook)
  }
  return found
}

/**
 * Returns true for a hook that runs for a row of another table's statement. Defaults, rules, policies and the triggers
 * of the statement do not.
 */
function runsForRow({ kind, isOfStatement }: Hook): boolean {
  return isOfStatement !== true && kind !== 'default' && kind !== 'rule' && kind !== 'policy'
}

function nameOnly({ schema, name }: Relation): { readonly schema: string; readonly name: string } {
  return { schema, name }
}

/** The name of an object in messages: `shop.orders`. */
export function nameOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`
}

function labelOf(routine: Routine): string {
  return `${nameOf(routine)}()`
}

function traced(label: string, effects: readonly TracedEffect[]): TracedEffect[] {
  return effects.map((effect) => Object.assign({}, effect, { via: [label, ...(effect.via ?? [])] }))
}

/** State counts as left if it is there with and without an open transaction around the code. */
function judgedOf({ analysis, effects, undecided }: StoredAnalysis): Judged {
  if (effects.length === 0) return undecided === undefined ? nothing : { ...nothing, undecided }
  const within = new Set(effectsLeft(analysis, { inTransaction: true }).map(keyOf))
  const left = effectsLeft(analysis, {}).filter((effect) => within.has(keyOf(effect)))
  return { effects: bounded(effects), left: bounded(left), ...(undecided !== undefined && { undecided }) }
}

function independent({ effects, left, ...others }: Judged): Judged {
  return { effects: withoutArguments(effects), left: withoutArguments(left), ...others }
}

function ofEffects(effects: readonly TracedEffect[]): Judged {
  return { effects: bounded(effects), left: bounded(effects) }
}

function union(all: readonly Judged[]): Judged {
  const undecided = all.find((each) => each.undecided !== undefined)?.undecided
  return {
    effects: bounded(all.flatMap(({ effects }) => effects)),
    left: bounded(all.flatMap(({ left }) => left)),
    ...(undecided !== undefined && { undecided }),
  }
}

/** Keeps one effect of each kind, if there are too many. */
function bounded(effects: readonly TracedEffect[]): TracedEffect[] {
  if (effects.length <= mostEffects) return [...effects]
  return [...new Map(effects.map((effect) => [keyOf(effect), effect])).values()].slice(0, mostEffects)
}

/** Two effects with the same key are one finding. */
export function keyOf({ rule, does, state, object = '', localIf, ifOmitted }: DetectedEffect): string {
  return [rule, does, state, object, localIf, ifOmitted].join('\0')
}
