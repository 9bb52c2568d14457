import { datasourceOfConfig, datasourceOfSchema, schemaOfConfig, type Datasource } from './datasource.ts'
import { projectAt, type Project } from './project.ts'
import { evaluate, tokensOf, type Found, type Token } from './tokens.ts'

/** The URL that `prisma migrate` and `prisma db push` connect to. */
export interface MigrateUrl extends Found {
  /** The file that names it, relative to the folder of the project: `prisma.config.ts`. */
  readonly file: string
  /** The key in that file. */
  readonly key: 'url' | 'directUrl'
  /** Prisma 6 takes `directUrl` for its migrations; Prisma 7 does not. */
  readonly takesDirectUrl: boolean
}

/**
 * Finds the URL as Prisma's command line would: in the datasource of `prisma.config.ts`, or, in Prisma 6, in that of the
 * schema. Reads files and runs none of them.
 *
 * @returns undefined if there is none, or if it is written in a way that needs the file to run
 */
export function migrateUrl(root: string, env: Readonly<Record<string, string | undefined>>): MigrateUrl | undefined {
  const project = projectAt(root)
  if (project === undefined) return undefined
  const config = project.config()
  const tokens = config === undefined ? [] : tokensOf(config.text)
  const ofConfig = datasourceOfConfig(tokens)
  const takesDirectUrl = !(project.majorOfPrisma() >= 7)
  if (config !== undefined && ofConfig !== undefined) {
    const known = loadsDotenv(tokens) ? { ...project.dotenv(['.']), ...env } : env
    return chosen(ofConfig, known, { file: config.name, takesDirectUrl })
  }
  return takesDirectUrl ? ofSchema(project, schemaOfConfig(tokens), env) : undefined
}

function ofSchema(
  project: Project,
  path: string | undefined,
  env: Parameters<typeof evaluate>[1],
): MigrateUrl | undefined {
  for (const { name, text } of project.schemas(path)) {
    const datasource = datasourceOfSchema(tokensOf(text))
    if (datasource === undefined) continue
    // Prisma 6 loads both files itself.
    const known = { ...project.dotenv(['.', 'prisma']), ...env }
    return chosen(datasource, known, { file: name, takesDirectUrl: true })
  }
  return undefined
}

function chosen(
  datasource: Datasource,
  env: Parameters<typeof evaluate>[1],
  place: Pick<MigrateUrl, 'file' | 'takesDirectUrl'>,
): MigrateUrl | undefined {
  const key = place.takesDirectUrl && datasource.has('directUrl') ? 'directUrl' : 'url'
  const found = evaluate(datasource.get(key) ?? [], env)
  return found && { ...found, ...place, key }
}

/** `import 'dotenv/config'`, `dotenv.config()`, `process.loadEnvFile()` */
function loadsDotenv(tokens: readonly Token[]): boolean {
  return tokens.some(({ value }) => /^(@?dotenvx?\b|loadEnvFile$)/.test(value))
}
