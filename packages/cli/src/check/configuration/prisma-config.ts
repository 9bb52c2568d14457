import { propertyOf } from '../code/names.ts'
import type { SourceFile } from '../code/source-file.ts'
import type { Call, Node } from '../code/syntax.ts'
import { callsTo, objectAt, objectOf, type Detector, type Fact } from './detector.ts'

/** `prisma.config.ts`: the URL of `datasource` is that of migrations. The application's own URL may be pooled. */
export const prismaConfig: Detector = {
  words: /['"]prisma\/config['"]/,
  find: (file) =>
    callsTo(file, /^defineConfig$/).flatMap((call): Fact[] => {
      const node = urlOf(call, file)
      if (node === undefined || !/\bDATABASE_URL\b/.test(file.syntax.source.slice(node.start, node.end))) return []
      return [
        {
          node,
          what: 'Prisma Migrate takes its session lock over DATABASE_URL, the URL of the application',
          sends: { sql: 'SELECT pg_advisory_lock(1)' },
          instead: "give datasource.url an address that goes round the pooler: env('DIRECT_URL')",
          isOfMigrations: true,
        },
      ]
    }),
}

/** The expression of `datasource.url`, if it names no direct connection beside. */
function urlOf(call: Call, file: SourceFile): Node | undefined {
  const options = objectAt(call, 0, file)
  const datasource = options === undefined ? undefined : propertyOf(options, 'datasource')
  const object = datasource === undefined ? undefined : objectOf(datasource, file)
  const url = object === undefined ? undefined : propertyOf(object, 'url')
  if (url === undefined) return undefined
  return /direct|unpooled|non_?pool|migrat/i.test(file.syntax.source.slice(url.start, url.end)) ? undefined : url
}
