import type { RelationUse } from '@poolsafe/core/internal'
import type { Catalog, Relation, Routine } from '../catalog/catalog.ts'
import type { Code, Hook } from '../catalog/hooks.ts'
import { nameOf, type ReachedCode } from '../catalog/reached.ts'
import type { Audited, AuditedKind } from './finding.ts'

/** Returns every object that holds code, with what its code leaves. */
export function auditedObjects(catalog: Catalog, code: ReachedCode): Audited[] {
  return [
    ...routinesOf(catalog, code),
    ...relationsOf(catalog, code),
    ...domainsOf(catalog, code),
    ...operatorsOf(catalog, code),
    ...castsOf(catalog, code),
    ...eventTriggersOf(catalog, code),
  ]
}

const routineKinds: Readonly<Record<Routine['kind'], AuditedKind>> = {
  f: 'function',
  p: 'procedure',
  a: 'aggregate',
  w: 'function',
}

/** A trigger function runs only through its triggers, so without an enabled one it changes nothing. */
function routinesOf({ routines, eventTriggers }: Catalog, code: ReachedCode): Audited[] {
  const triggered = new Map<string, Code[]>(eventTriggers.map(({ function: routine }) => [routine, [{ routine }]]))
  for (const { code: run } of code.hooks)
    if ('routine' in run) triggered.set(run.routine, [...(triggered.get(run.routine) ?? []), run])
  return routines
    .filter(({ oid, for_triggers: isForTriggers }) => !isForTriggers || triggered.has(oid))
    .map((routine) => auditedRoutine(routine, triggered.get(routine.oid) ?? [{ routine: routine.oid }], code))
}

/** @param runs how the code runs: a trigger function by each of its triggers */
function auditedRoutine(routine: Routine, runs: readonly Code[], code: ReachedCode): Audited {
  const judged = runs.map((run) => code.judge(run))
  const undecided = judged.find((each) => each.undecided !== undefined)?.undecided
  return {
    object: nameOf(routine),
    objectKind: routineKinds[routine.kind],
    reachedBy: [howCalled(routine)],
    via: [],
    left: judged.flatMap(({ left }) => left),
    ...(undecided !== undefined && { undecided }),
  }
}

function howCalled(routine: Routine): string {
  const signature = `${nameOf(routine)}(${routine.arguments})`
  if (routine.for_triggers) return `the triggers that run ${signature}`
  return routine.kind === 'p' ? `CALL ${signature}` : `SELECT ${signature}`
}

const verbs: Readonly<Record<RelationUse, string>> = {
  select: 'SELECT FROM',
  insert: 'INSERT INTO',
  update: 'UPDATE',
  delete: 'DELETE FROM',
  truncate: 'TRUNCATE',
  refresh: 'REFRESH MATERIALIZED VIEW',
}

/** A hook that several statements run is one object. */
function relationsOf({ relations }: Catalog, code: ReachedCode): Audited[] {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]))
  const found = new Map<string, Audited & { readonly reachedBy: string[] }>()
  for (const hook of code.hooks) {
    const relation = byOid.get(hook.relation)
    if (relation === undefined) continue
    const statement = statementOf(hook, relation)
    const key = `${hook.relation} ${hook.kind} ${hook.label} ${JSON.stringify(hook.code)}`
    const known = found.get(key)
    if (known !== undefined) known.reachedBy.push(statement)
    else found.set(key, { ...auditedHook(hook, relation, code), reachedBy: [statement] })
  }
  return [...found.values()]
}

function statementOf({ use, defaultOf }: Hook, relation: Relation): string {
  const statement = `${verbs[use]} ${nameOf(relation)}`
  return use === 'update' && defaultOf !== undefined ? `${statement} SET ${defaultOf} = DEFAULT` : statement
}

function auditedHook(hook: Hook, relation: Relation, code: ReachedCode): Audited {
  // Code in a routine that could not be judged is reported for the routine.
  const { undecided } = 'sql' in hook.code ? code.judge(hook.code) : {}
  return {
    object: nameOf(relation),
    objectKind: hook.kind,
    reachedBy: [],
    via: [],
    left: code.ofHook(hook),
    ...(undecided !== undefined && { undecided }),
  }
}

function domainsOf({ domains }: Catalog, code: ReachedCode): Audited[] {
  return domains.map((domain) => ({
    object: nameOf(domain),
    objectKind: 'domain',
    reachedBy: [`a value of the type ${nameOf(domain)}`],
    via: [],
    left: code.ofDomain(domain.oid),
  }))
}

function operatorsOf({ operators }: Catalog, code: ReachedCode): Audited[] {
  return operators.map((operator) => ({
    object: nameOf(operator),
    objectKind: 'operator',
    reachedBy: [`the operator ${nameOf(operator)}`],
    via: [],
    left: code.ofRoutine(operator.function),
  }))
}

function castsOf({ casts }: Catalog, code: ReachedCode): Audited[] {
  return casts.map(({ source, target, function: routine, ...type }) => ({
    object: nameOf(type),
    objectKind: 'cast',
    reachedBy: [`a cast from ${source} to ${target}`],
    via: [`cast from ${source}`],
    left: code.ofRoutine(routine),
  }))
}

function eventTriggersOf({ eventTriggers }: Catalog, code: ReachedCode): Audited[] {
  return eventTriggers.map(({ name, event, function: routine }) => ({
    object: name,
    objectKind: 'event trigger',
    reachedBy: [event],
    via: [`event trigger ${name}`],
    left: code.ofRoutine(routine),
  }))
}
