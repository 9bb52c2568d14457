import { poolers } from '@poolsafe/core'
import type { SourceFile } from '../code/source-file.ts'
import { bare, type Node } from '../code/syntax.ts'
import {
  callsTo,
  imports,
  namesDirect,
  objectAt,
  objectIn,
  objectsWith,
  setting,
  type Detector,
  type Fact,
} from './detector.ts'
import { pooledVariable } from './project-facts.ts'

/**
 * The URL that a migrator is given, if it is a pooled one: as a literal, or as a variable of which a file of settings
 * says so.
 */
export const migrationUrls: Detector = {
  words: /['"]drizzle-kit['"]|\bdbCredentials\b|\bmigrations(?:Run)?\s*:|['"]prisma\/config['"]/,
  find: (file) =>
    urlsIn(file).flatMap(({ tool, node }): Fact[] => {
      if (namesDirect(node, file)) return []
      const what = `${tool} migrates over the pooler`
      const fact: Fact = {
        node,
        what,
        sends: { isPooledUrl: true },
        instead: 'give it the direct URL of the database (DIRECT_URL), which goes round the pooler',
        isOfMigrations: true,
      }
      const url = literalOf(node)
      if (url !== undefined) return isPooled(url) ? [fact] : []
      return variablesIn(node, file)
        .slice(0, 1)
        .map((name) => Object.assign({ needs: pooledVariable(name) }, fact))
    }),
}

interface MigrationUrl {
  readonly tool: string
  readonly node: Node
}

function urlsIn(file: SourceFile): MigrationUrl[] {
  return [...ofDrizzle(file), ...ofPrisma(file), ...ofKnex(file), ...ofTypeOrm(file)]
}

function ofDrizzle(file: SourceFile): MigrationUrl[] {
  const configs = [
    ...(imports(file, /^drizzle-kit$/) ? callsTo(file, /^defineConfig$/).map((call) => objectAt(call, 0, file)) : []),
    ...objectsWith(file, 'dialect', /^postgresql$/),
  ]
  return [...new Set(configs)].flatMap((config) => {
    const node = setting(objectIn(config, 'dbCredentials', file), 'url')
    return node === undefined ? [] : [{ tool: 'drizzle-kit', node }]
  })
}

function ofPrisma(file: SourceFile): MigrationUrl[] {
  if (!imports(file, /^prisma\/config$/)) return []
  return callsTo(file, /^defineConfig$/).flatMap((call) => {
    const node = setting(objectIn(objectAt(call, 0, file), 'datasource', file), 'url')
    // DATABASE_URL is reported whatever it leads to.
    return node === undefined || variablesIn(node, file).includes('DATABASE_URL')
      ? []
      : [{ tool: 'Prisma Migrate', node }]
  })
}

/** A configuration of Knex with migrations, as in `knexfile.ts`. */
function ofKnex(file: SourceFile): MigrationUrl[] {
  return objectsWith(file, 'client', /^(?:pg|postgres\w*)$/).flatMap((config) => {
    const inner = setting(objectIn(config, 'connection', file), 'connectionString')
    const node = inner ?? setting(config, 'connection')
    return node === undefined || setting(config, 'migrations') === undefined ? [] : [{ tool: 'Knex', node }]
  })
}

function ofTypeOrm(file: SourceFile): MigrationUrl[] {
  return objectsWith(file, 'type', /^postgres$/).flatMap((config) => {
    const node = setting(config, 'url')
    const migrates = setting(config, 'migrationsRun') ?? setting(config, 'migrations')
    return node === undefined || migrates === undefined ? [] : [{ tool: 'TypeORM', node }]
  })
}

function literalOf(given: Node): string | undefined {
  const node = bare(given)
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}

function isPooled(url: string): boolean {
  const { profile } = poolers.detect({ url }) ?? {}
  return profile !== undefined && profile.isDirect !== true && profile.carries.setting !== 'kept'
}

/** `process.env.URL`, `process.env['URL']`, `env('URL')`, `env.URL`. */
function variablesIn({ start, end }: Node, { syntax }: SourceFile): string[] {
  const found = syntax.source.slice(start, end).matchAll(/\benv(?:\.|\[\s*['"]|\(\s*['"])(\w+)/g)
  return [...found].map(([, name = '']) => name)
}
