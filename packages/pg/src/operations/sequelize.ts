import { nameCalls } from './named-calls.ts'
import type { ClassLike } from './typeorm.ts'

/** The static methods of `Model` that send statements. */
const staticMethods: readonly string[] = [
  'findAll',
  'findByPk',
  'findOne',
  'findAndCountAll',
  'findOrBuild',
  'findOrCreate',
  'findCreateFind',
  'aggregate',
  'count',
  'max',
  'min',
  'sum',
  'describe',
  'create',
  'bulkCreate',
  'upsert',
  'update',
  'increment',
  'decrement',
  'destroy',
  'restore',
  'truncate',
  'sync',
  'drop',
]

/** Those of a row. */
const methods: readonly string[] = ['save', 'reload', 'update', 'destroy', 'restore', 'increment', 'decrement']

/** Names the calls of Sequelize's `Model`. Returns false for a class of the same name of another library. */
export function nameSequelize(model: ClassLike): boolean {
  if (!('findAndCountAll' in model && 'previous' in model.prototype)) return false
  nameCalls(model, staticMethods, nameOf)
  nameCalls(model.prototype, methods, (row) => nameOf(row.constructor))
  return true
}

function nameOf(model: object): string | undefined {
  const { name } = model as { readonly name?: unknown }
  return typeof name === 'string' && name !== '' ? name : undefined
}
