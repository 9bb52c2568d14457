import { isDirect } from '../code/receivers.ts'
import { callsTo, imports, namesDirect, objectAt, objectsWith, setting, type Detector, type Fact } from './detector.ts'

const roleSetting =
  'set it once for the role that the pooler logs in as (ALTER ROLE app SET search_path = …), or name the schema in each statement'

/** Knex: `SET search_path` on each new connection (lib/dialects/postgres/index.js). */
export const knexSearchPath: Detector = {
  words: /\bsearchPath\b/,
  find: (file) => {
    const ofCalls = callsTo(file, /^knex$/i).flatMap((call) =>
      isDirect(call, file) ? [] : (objectAt(call, 0, file) ?? []),
    )
    const ofFiles = objectsWith(file, 'client', /^(?:pg|postgres\w*)$/).filter((object) => !namesDirect(object, file))
    return [...new Set([...ofCalls, ...ofFiles])].flatMap((object): Fact[] => {
      const node = setting(object, 'searchPath')
      if (node === undefined) return []
      return [
        {
          node,
          what: 'searchPath makes Knex send SET search_path on each new connection',
          sends: { sql: 'SET search_path TO a' },
          instead: roleSetting,
        },
      ]
    })
  },
}

/** pg-promise: `schema` of its initialisation options. */
export const pgPromiseSchema: Detector = {
  words: /['"]pg-promise['"]/,
  find: (file) =>
    !imports(file, /^pg-promise$/)
      ? []
      : callsTo(file, /^(?:pgp|pgPromise|pgPromiseLib|initPgp)$/i).flatMap((call): Fact[] => {
          const node = setting(objectAt(call, 0, file), 'schema')
          if (node === undefined) return []
          return [
            {
              node,
              what: 'schema makes pg-promise send SET search_path on each new connection',
              sends: { sql: 'SET search_path TO a' },
              instead: roleSetting,
            },
          ]
        }),
}
