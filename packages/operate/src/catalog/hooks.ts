import type { GivenColumns, HookCondition, RelationUse, TriggerFacts } from '@poolsafe/core/internal'
import type { Catalog, Family, Policy, Relation, Trigger } from './catalog.ts'

/** Code in the database: a routine, or statements that the database keeps. */
export type Code =
  /** @param trigger the trigger that calls it, if its function reads TG_OP or the like */
  | { readonly routine: string; readonly trigger?: TriggerFacts }
  /**
   * @param passes the statements' tables are not read, but changed like the view that they define
   * @param uses the functions that PostgreSQL has found, by their oids; absent if they are not known
   */
  | { readonly sql: string; readonly passes?: RelationUse; readonly uses?: readonly string[] }
  /** @param through how the statement reaches the other relation */
  | { readonly relation: string; readonly use: RelationUse; readonly through: Through }

/** A row of a partition or a child, or columns that a foreign key sets. */
export type Through = 'row' | GivenColumns

/** The kind of object that holds the code of a finding. */
export type HookKind =
  | 'trigger'
  | 'default'
  | 'generated column'
  | 'check'
  | 'policy'
  | 'rule'
  | 'index'
  | 'view'
  | 'materialized view'
  | 'domain'
  | 'foreign key'
  | 'partition'

/** Code that a statement on a relation runs. */
export interface Hook extends HookCondition {
  readonly relation: string
  readonly use: RelationUse
  readonly kind: HookKind
  /** The kind with its name: `trigger stamp`. */
  readonly label: string
  readonly code: Code
  /** Runs once for a statement, not for each row. */
  readonly isOfStatement?: true
  /** A rule replaces the statement. The hook runs only for rows that are reached through another table. */
  readonly isReplaced?: true
}

type Uses = readonly RelationUse[]

const changes: Uses = ['insert', 'update']

/** Returns everything that statements on relations run. */
export function hooksOf(catalog: Catalog): Hook[] {
  const relations = new Map(catalog.relations.map((relation) => [relation.oid, relation]))
  const replaced = replacedUses(catalog, relations)
  return allHooks(catalog, relations).map((hook) =>
    isReplaced(hook, replaced) ? Object.assign(hook, { isReplaced: true as const }) : hook,
  )
}

/** Returns the statements that a rule with INSTEAD always replaces. COPY to a table goes by its rules. */
function replacedUses({ rules }: Catalog, relations: ReadonlyMap<string, Relation>): Set<string> {
  const found = rules.flatMap(({ relation, event, replaces }) =>
    replaces ? (usesOfRule[event] ?? []).map((use) => ({ relation, use })) : [],
  )
  const isView = (relation: string): boolean => relations.get(relation)?.kind === 'v'
  return new Set(
    found
      .filter(({ relation, use }) => use !== 'insert' || isView(relation))
      .map((each) => `${each.relation} ${each.use}`),
  )
}

/** The values of the statement are still computed for the rule. */
function isReplaced({ relation, use, kind }: Hook, replaced: ReadonlySet<string>): boolean {
  return kind !== 'rule' && kind !== 'default' && kind !== 'domain' && replaced.has(`${relation} ${use}`)
}

function allHooks(catalog: Catalog, relations: ReadonlyMap<string, Relation>): Hook[] {
  return [
    ...catalog.triggers.flatMap((trigger) => ofTrigger(trigger, relations.get(trigger.relation))),
    ...catalog.defaults.flatMap(ofDefault),
    ...catalog.checks.flatMap(({ relation, name, expression, uses }) =>
      relation === null ? [] : hooks(relation, changes, 'check', name, resolved(selecting(expression), uses)),
    ),
    ...catalog.policies.flatMap(ofPolicy),
    ...catalog.rules.flatMap(({ relation, event, name, definition, uses }) =>
      hooks(relation, usesOfRule[event] ?? [], 'rule', name, resolved(definition, uses)),
    ),
    ...catalog.indexes.flatMap(({ relation, name, expression, uses }) =>
      hooks(relation, changes, 'index', name, resolved(selecting(expression), uses)),
    ),
    ...catalog.relations.flatMap(ofView),
    ...ofDomains(catalog),
    ...ofFamilies(catalog),
  ]
}

function hooks(relation: string, uses: Uses, kind: HookKind, name: string, code: Code): Hook[] {
  return uses.map((use) => ({ relation, use, kind, label: name === '' ? kind : `${kind} ${name}`, code }))
}

function resolved(sql: string, uses: readonly string[] | null | undefined): Extract<Code, { readonly sql: string }> {
  return { sql, ...(uses != null && { uses }) }
}

/** An expression of the catalog as a statement. */
export function selecting(expression: string): string {
  return `SELECT ${expression}`
}

const triggerBits: readonly (readonly [number, RelationUse])[] = [
  [4, 'insert'],
  [8, 'delete'],
  [16, 'update'],
  [32, 'truncate'],
]

/** Bits of `pg_trigger.tgtype`. */
const [rowBit, beforeBit, insteadBit] = [1, 2, 64]

function ofTrigger(trigger: Trigger, of: Relation | undefined): Hook[] {
  const { relation, name, function: routine, type, definition, columns } = trigger
  const uses = triggerBits.filter(([bit]) => (type & bit) !== 0).map(([, use]) => use)
  return [
    ...uses.flatMap((use) => hooks(relation, [use], 'trigger', name, { routine, ...factsOf(trigger, use, of) })),
    // The condition behind WHEN.
    ...hooks(relation, uses, 'trigger', name, { sql: definition }),
  ].map((hook) =>
    Object.assign(
      hook,
      columns !== null && hook.use === 'update' && { ofColumns: columns },
      (type & rowBit) === 0 && { isOfStatement: true as const },
    ),
  )
}

/** Returns what the trigger passes to its function, if the function reads it. */
function factsOf(trigger: Trigger, use: RelationUse, of: Relation | undefined): { readonly trigger?: TriggerFacts } {
  const { type, name, arguments: args, reads_facts: isRead } = trigger
  if (!isRead) return {}
  return {
    trigger: {
      op: use.toUpperCase() as TriggerFacts['op'],
      when: whenOf(type),
      level: (type & rowBit) === 0 ? 'STATEMENT' : 'ROW',
      name,
      // The partitions run the triggers of rows.
      ...(of !== undefined && of.kind !== 'p' && { table: { schema: of.schema, name: of.name } }),
      ...(!args.some((each) => each.includes('\\')) && { args }),
    },
  }
}

function whenOf(type: number): TriggerFacts['when'] {
  if ((type & insteadBit) !== 0) return 'INSTEAD OF'
  return (type & beforeBit) === 0 ? 'AFTER' : 'BEFORE'
}

function ofDefault({ relation, column, position, generated, expression, uses }: Catalog['defaults'][number]): Hook[] {
  const code = resolved(selecting(expression), uses)
  if (generated === 'v') return hooks(relation, ['select'], 'generated column', column, code)
  if (generated === 's') return hooks(relation, changes, 'generated column', column, code)
  // UPDATE reaches it by the word DEFAULT.
  return hooks(relation, changes, 'default', column, code).map((hook) =>
    Object.assign(hook, { defaultOf: column, position }),
  )
}

const readsRows: Uses = ['select', 'update', 'delete']

/** A policy for SELECT counts for UPDATE and DELETE too, which read the rows that they change. */
const usesOfPolicy: Readonly<Record<string, { readonly using: Uses; readonly checks: Uses }>> = {
  r: { using: readsRows, checks: [] },
  a: { using: [], checks: ['insert'] },
  w: { using: ['update'], checks: ['update'] },
  d: { using: ['delete'], checks: [] },
  '*': { using: readsRows, checks: changes },
}

function ofPolicy({ relation, name, command, using, checks, uses }: Policy): Hook[] {
  const commands = usesOfPolicy[command] ?? { using: [], checks: [] }
  // Without WITH CHECK, the expression behind USING checks new rows.
  const check = checks ?? using
  return [
    ...(using === null ? [] : hooks(relation, commands.using, 'policy', name, resolved(selecting(using), uses))),
    ...(check === null ? [] : hooks(relation, commands.checks, 'policy', name, resolved(selecting(check), uses))),
  ]
}

const usesOfRule: Readonly<Record<string, Uses>> = {
  '1': ['select'],
  '2': ['update'],
  '3': ['insert'],
  '4': ['delete'],
}

const viewBits: readonly (readonly [number, RelationUse])[] = [
  [4, 'update'],
  [8, 'insert'],
  [16, 'delete'],
]

function ofView({ oid, kind, definition, updatable, uses }: Relation): Hook[] {
  if (definition === null) return []
  // Reading a materialized view runs nothing; REFRESH runs its query.
  if (kind === 'm') return hooks(oid, ['refresh'], 'materialized view', '', resolved(definition, uses))
  const passed = viewBits.filter(([bit]) => (updatable & bit) !== 0).map(([, use]) => use)
  return [
    ...hooks(oid, ['select', ...passed], 'view', '', resolved(definition, uses)),
    ...passed.flatMap((use) => hooks(oid, [use], 'view', '', { ...resolved(definition, uses), passes: use })),
  ]
}

function ofDomains({ domains, domainColumns, checks }: Catalog): Hook[] {
  const byOid = new Map(domains.map((domain) => [domain.oid, domain]))
  return domainColumns.flatMap(({ relation, column, position, domain, expression }) => {
    const found: Hook[] =
      expression === null ? [] : ofDefault({ relation, column, position, generated: '', expression })
    for (let at = byOid.get(domain); at !== undefined; at = byOid.get(at.base)) {
      const name = `${at.schema}.${at.name}`
      for (const check of checks)
        if (check.domain === at.oid)
          found.push(...hooks(relation, changes, 'domain', name, resolved(selecting(check.expression), check.uses)))
    }
    return found
  })
}

/** The actions of a foreign key on its table when a row of the other table is deleted or changed. */
const actions: Readonly<Record<string, { readonly onDelete: RelationUse; readonly onUpdate: RelationUse }>> = {
  c: { onDelete: 'delete', onUpdate: 'update' },
  n: { onDelete: 'update', onUpdate: 'update' },
  d: { onDelete: 'update', onUpdate: 'update' },
}

function ofFamilies({ families }: Catalog): Hook[] {
  return families.flatMap((family) => (isForeignKey(family) ? ofForeignKey(family) : ofChild(family)))
}

function isForeignKey({ on_delete: onDelete }: Family): boolean {
  return onDelete !== 'p' && onDelete !== 'i'
}

/** A statement on a table reaches the rows of its partitions and children, and nothing else of them. */
function ofChild({ relation, child, on_delete: kind }: Family): Hook[] {
  const uses: Uses = kind === 'p' ? ['insert', 'update', 'delete'] : ['update', 'delete']
  return uses.flatMap((use) =>
    hooks(relation, [use], 'partition', '', { relation: child, use, through: 'row' }).map((hook) =>
      Object.assign(hook, { ofChildren: true as const }),
    ),
  )
}

function ofForeignKey(family: Family): Hook[] {
  const { relation, child, on_delete: onDelete, on_update: onUpdate } = family
  const action = (on: RelationUse, key: string | null, given: readonly string[]): Hook[] => {
    const use = actions[key ?? '']?.[on === 'delete' ? 'onDelete' : 'onUpdate']
    if (use === undefined) return []
    const through: Through = { columns: given, ...(key === 'd' && { defaults: given }) }
    return hooks(relation, [on], 'foreign key', '', { relation: child, use, through })
  }
  const columns = family.columns ?? []
  return [...action('delete', onDelete, family.deleted ?? columns), ...action('update', onUpdate, columns)]
}
