import type { DropStmt, FunctionParameter, Node, ObjectType, ObjectWithArgs, RenameStmt } from '@pgsql/types'
import { names } from '../sql/function-call.ts'
import { uncertain, type Effect } from './effect.ts'

/** Returns true for the schema of temporary objects, by any of its names. */
export const inTempSchema = (schema: string | undefined): boolean => /^pg_temp(_\d+)?$/.test(schema ?? '')

/**
 * Objects of different classes may have one name. `DROP TYPE` drops domains as well, `DROP ROUTINE` functions and
 * procedures.
 */
export function objectOf(type: ObjectType, name: string): string {
  return `${type} ${name}`
}

export function needs(what: string): Effect {
  return { does: 'needs', state: 'temp-object', what, when: 'autocommit' }
}

/** A name has no NUL: what stands behind it is the arguments. */
export function signatureOf(parameters: readonly Node[]): string {
  const types = parameters.flatMap((each) =>
    'FunctionParameter' in each && isInput(each.FunctionParameter) ? [typeOf(each.FunctionParameter)] : [],
  )
  return `\0${types.join()}`
}

function isInput({ mode }: FunctionParameter): boolean {
  return mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE'
}

/** `int` and `int4` are one type: the parser names the first with its schema. */
function typeOf({ argType }: FunctionParameter): string {
  return `${names(argType?.names)
    .join('.')
    .replace(/^pg_catalog\./, '')}${'[]'.repeat(argType?.arrayBounds?.length ?? 0)}`
}

/** DROP of what the same transaction created takes it back; DROP of something permanent has no effect here. */
export function onDrop({ objects = [], removeType = 'OBJECT_TABLE' }: DropStmt): Effect[] {
  return objects.flatMap((object): Effect[] => {
    const path = droppedPath(object)
    const schema = path.at(-2)
    if (schema !== undefined && !inTempSchema(schema)) return []
    const name = `${path.at(-1) ?? ''}${'ObjectWithArgs' in object ? signatureOfDropped(object.ObjectWithArgs) : ''}`
    // Without the schema, PostgreSQL does not look for functions in the temporary schema.
    const isFound = schema === 'pg_temp' || (schema === undefined && relationsAndTypes.has(removeType))
    const undone = [removeType, ...(alsoDropped[removeType] ?? [])].map((type) => {
      const effect = dropped(objectOf(type, name), schema === undefined)
      return isFound ? effect : uncertain(effect)
    })
    return schema === undefined ? undone : [...undone, needs('DROP … pg_temp.…')]
  })
}

function dropped(object: string, isUnqualified: boolean): Effect {
  return {
    does: 'undoes',
    state: 'temp-object',
    what: 'DROP',
    when: 'always',
    object,
    ...(isUnqualified && { isUnqualified }),
  }
}

const relationsAndTypes: ReadonlySet<ObjectType> = new Set([
  'OBJECT_DOMAIN',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
  'OBJECT_TABLE',
  'OBJECT_TYPE',
  'OBJECT_VIEW',
])

const alsoDropped: { readonly [Type in ObjectType]?: readonly ObjectType[] } = {
  OBJECT_TYPE: ['OBJECT_DOMAIN'],
  OBJECT_ROUTINE: ['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_AGGREGATE'],
}

/** Without arguments it drops the only one of its name. */
function signatureOfDropped({ args_unspecified: isOnly, objfuncargs = [] }: ObjectWithArgs): string {
  return isOnly ? '\0' : signatureOf(objfuncargs)
}

/** DROP gives its names in a shape for each kind of object. */
function droppedPath(object: Node): string[] {
  if ('List' in object) return names(object.List.items)
  if ('TypeName' in object) return names(object.TypeName.names)
  return 'ObjectWithArgs' in object ? names(object.ObjectWithArgs.objname) : []
}

/** `ALTER TABLE t RENAME TO u`: what the same transaction left as `t` is now `u`. */
export function onRename({ renameType = 'OBJECT_TABLE', relation, object, newname = '' }: RenameStmt): Effect[] {
  const path =
    relation === undefined ? (object === undefined ? [] : droppedPath(object)) : [relation.schemaname, relation.relname]
  const schema = path.at(-2)
  const isFound = schema === undefined ? relationsAndTypes.has(renameType) : inTempSchema(schema)
  if (!isFound) return []
  const signature = object !== undefined && 'ObjectWithArgs' in object ? signatureOfDropped(object.ObjectWithArgs) : ''
  return [renameType, ...(alsoRenamed[renameType] ?? [])].map((type) => ({
    does: 'undoes',
    state: 'temp-object',
    what: 'RENAME',
    when: 'always',
    object: objectOf(type, `${path.at(-1) ?? ''}${signature}`),
    becomes: objectOf(type, `${newname}${signature}`),
  }))
}

/** ALTER TABLE renames views and sequences as well. */
const alsoRenamed: { readonly [Type in ObjectType]?: readonly ObjectType[] } = {
  OBJECT_TABLE: ['OBJECT_VIEW', 'OBJECT_SEQUENCE', 'OBJECT_FOREIGN_TABLE'],
  OBJECT_TYPE: ['OBJECT_DOMAIN'],
  OBJECT_ROUTINE: ['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_AGGREGATE'],
}
