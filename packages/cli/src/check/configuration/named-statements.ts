import { isDirect } from '../code/receivers.ts'
import { propertyOf } from '../code/names.ts'
import { bare, chainOf } from '../code/syntax.ts'
import { callsTo, hasSpread, imports, objectAt, setting, type Detector, type Fact } from './detector.ts'

/** postgres.js names its statements unless `prepare` is false (src/index.js). */
export const postgresJsPrepare: Detector = {
  words: /['"]postgres['"]/,
  find: (file) =>
    !imports(file, /^postgres$/)
      ? []
      : callsTo(file, /^postgres$/).flatMap((call): Fact[] => {
          const index = call.arguments.length > 1 ? 1 : 0
          const options = objectAt(call, index, file)
          const isHidden =
            call.arguments.length > 1
              ? options === undefined || hasSpread(options)
              : options !== undefined && hasSpread(options)
          const given = options === undefined ? undefined : propertyOf(options, 'prepare')
          const isSet = given !== undefined && !(given.type === 'Literal' && given.value === true)
          // Options that are put together in steps may have it somewhere.
          const isUnread = options === undefined && /\bprepare\s*:|\.prepare\s*=/.test(file.syntax.source)
          if (((isHidden || isUnread) && given === undefined) || isSet || isDirect(call, file)) return []
          return [
            {
              node: call.callee,
              what: 'postgres.js prepares its statements with names',
              sends: { isNamed: true },
              instead: 'set prepare: false',
            },
          ]
        }),
}

/** Drizzle: `.prepare('name')` of a query. */
export const drizzlePrepare: Detector = {
  words: /\.prepare\(\s*['"`]/,
  find: (file) =>
    !imports(file, /^drizzle-orm/)
      ? []
      : callsTo(file, /^prepare$/).flatMap((call): Fact[] => {
          const [name] = call.arguments
          const isNamed = name !== undefined && bare(name).type === 'Literal' && call.arguments.length === 1
          const isQuery = chainOf(call.callee).some((part) =>
            /^(?:select\w*|insert|update|delete|query|findFirst|findMany)$/.test(part),
          )
          if (!isNamed || !isQuery || imports(file, /sqlite|mysql/)) return []
          return [
            {
              node: name,
              what: 'prepare() gives the statement a name',
              sends: { isNamed: true },
              instead: "leave prepare() out, or give it an empty name: prepare('')",
            },
          ]
        }),
}

/** PrismaPg names its statements if it is told how. */
export const prismaNames: Detector = {
  words: /\bstatementNameGenerator\b/,
  find: (file) =>
    callsTo(file, /^PrismaPg$/).flatMap((call): Fact[] => {
      const node = setting(objectAt(call, 1, file), 'statementNameGenerator')
      if (node === undefined || isDirect(call, file)) return []
      return [
        {
          node,
          what: 'statementNameGenerator gives the statements of Prisma names',
          sends: { isNamed: true },
          instead: 'omit statementNameGenerator',
        },
      ]
    }),
}
