import { nameCalls, type ModelOf } from './named-calls.ts'

/** A class, as a holder of a prototype. */
export interface ClassLike {
  readonly prototype: object
}

/** The methods of `EntityManager` that send statements. Repositories and active records call them. */
const managerMethods: readonly string[] = [
  'find',
  'findBy',
  'findAndCount',
  'findAndCountBy',
  'findByIds',
  'findOne',
  'findOneBy',
  'findOneById',
  'findOneOrFail',
  'findOneByOrFail',
  'exists',
  'existsBy',
  'exist',
  'count',
  'countBy',
  'sum',
  'average',
  'minimum',
  'maximum',
  'save',
  'insert',
  'upsert',
  'update',
  'updateAll',
  'increment',
  'decrement',
  'preload',
  'remove',
  'delete',
  'deleteAll',
  'softRemove',
  'softDelete',
  'recover',
  'restore',
  'clear',
]

/** The methods of query builders that send statements, by class. */
const builderMethods: Readonly<Record<string, readonly string[]>> = {
  SelectQueryBuilder: [
    'getOne',
    'getOneOrFail',
    'getMany',
    'getManyAndCount',
    'getCount',
    'getExists',
    'getRawOne',
    'getRawMany',
    'getRawAndEntities',
    'stream',
  ],
  InsertQueryBuilder: ['execute'],
  UpdateQueryBuilder: ['execute'],
  DeleteQueryBuilder: ['execute'],
  SoftDeleteQueryBuilder: ['execute'],
}

/** The classes of TypeORM whose calls are named. */
export const typeOrmClasses: readonly string[] = ['EntityManager', ...Object.keys(builderMethods)]

/** Names the calls of one class of TypeORM. Returns false for a class of the same name of another library. */
export function nameTypeOrm(name: string, { prototype }: ClassLike): boolean {
  if (name === 'EntityManager') {
    if (!('getTreeRepository' in prototype)) return false
    nameCalls(prototype, managerMethods, entityOf)
    return true
  }
  if (!('getQueryAndParameters' in prototype)) return false
  nameCalls(prototype, builderMethods[name] ?? [], entityOfBuilder)
  return true
}

/** Its first argument is the entity's class, schema or name, or else one or several entities. */
const entityOf: ModelOf = (_manager, [target]) => {
  const one = (Array.isArray(target) ? target[0] : target) as Entity
  if (typeof one === 'string' && !Array.isArray(target)) return one
  if (typeof one === 'function') return nameOf(one)
  if (typeof one !== 'object' || one === null) return undefined
  if (isSchema(one)) return one.options.name
  return nameOf(one.constructor)
}

type Entity = string | NamedClass | Schema | object | null | undefined

interface NamedClass {
  readonly name: unknown
}

interface Schema {
  readonly options: { readonly name?: string }
}

/** The mark with which TypeORM recognises its own classes. */
function isSchema(target: object): target is Schema {
  return (target as Record<string, unknown>)['@instanceof'] === Symbol.for('EntitySchema')
}

/** A plain object does not name its entity. */
function nameOf(entity: NamedClass | undefined): string | undefined {
  const name = entity?.name
  return typeof name === 'string' && name !== '' && name !== 'Object' ? name : undefined
}

interface Alias {
  readonly hasMetadata: boolean
  readonly metadata: NamedClass
}

/** A builder on a table without an entity, or on a subquery, has no name. */
const entityOfBuilder: ModelOf = (builder) => {
  const { expressionMap } = builder as { readonly expressionMap?: { readonly mainAlias?: Alias } }
  const alias = expressionMap?.mainAlias
  return alias?.hasMetadata === true ? nameOf(alias.metadata) : undefined
}
