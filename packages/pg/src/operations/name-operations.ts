import { InvalidOptionError } from '@poolsafe/core'
import { nameSequelize } from './sequelize.ts'
import { nameTypeOrm, typeOrmClasses, type ClassLike } from './typeorm.ts'

/**
 * Names the calls of TypeORM and Sequelize in reports, events and the slow query log: `User.find`, `User.findAll`. Guards
 * then have the `operation` of a statement, as they have it from Prisma. Once for a process; it patches the classes in
 * place. `@poolsafe/register` does it by itself.
 *
 * ```ts
 * import * as typeorm from 'typeorm'
 * nameOperations(typeorm)
 * ```
 *
 * @param orm the module of TypeORM or Sequelize
 * @throws InvalidOptionError for a module that has neither TypeORM's `EntityManager` nor Sequelize's `Model`
 */
export function nameOperations(orm: object): void {
  if (!nameOperationsIn(orm))
    throw new InvalidOptionError('orm', orm, "the module of TypeORM or Sequelize: import * as orm from 'typeorm'")
}

/** For the register: names the calls of the classes that a file of an ORM exports. Returns false if there are none. */
export function nameOperationsIn(exported: object): boolean {
  const classes = exported as Readonly<Record<string, unknown>>
  const typeOrm = typeOrmClasses.map((name) => isClass(classes[name]) && nameTypeOrm(name, classes[name]))
  const sequelize = isClass(classes['Model']) && nameSequelize(classes['Model'])
  return sequelize || typeOrm.includes(true)
}

function isClass(exported: unknown): exported is ClassLike {
  return typeof exported === 'function' && typeof exported.prototype === 'object' && exported.prototype !== null
}
