/** A file of a project. */
export interface File {
  /** Relative to the folder of the project, with slashes. */
  readonly name: string
  readonly text: string
}

/** The files of a project in which its migrations may be configured. */
export interface Project {
  readonly config: () => File | undefined
  /** @param path of a schema or of a folder of schemas, as the configuration file says */
  readonly schemas: (path: string | undefined) => File[]
  /** Variables of `.env` in these folders; those of the first one win. */
  readonly dotenv: (folders: readonly string[]) => Readonly<Record<string, string | undefined>>
  /** The major version of the installed command line; NaN if there is none. */
  readonly majorOfPrisma: () => number
}

const extensions = ['js', 'ts', 'mjs', 'cjs', 'mts', 'cts']
/** In the order of `@prisma/config` 7.10. */
const configNames = ['prisma7.config', '.config/prisma7', 'prisma.config', '.config/prisma', '.config/prisma.config']
/** Larger files are no configuration. In bytes. */
const largestFile = 200_000

/** @returns undefined where there is no file system */
export function projectAt(root: string): Project | undefined {
  // Bundles for the edge have no node:fs, and an import of it would break them.
  const fs = process.getBuiltinModule?.('node:fs')
  const util = process.getBuiltinModule?.('node:util')
  const { createRequire } = process.getBuiltinModule?.('node:module') ?? {}
  if (fs === undefined || util === undefined || createRequire === undefined) return undefined
  const at = (name: string): string => `${root}/${name}`
  const statOf = (name: string): ReturnType<typeof fs.statSync> => fs.statSync(at(name), { throwIfNoEntry: false })
  const read = (name: string): File | undefined => {
    const stat = statOf(name)
    const isText = stat?.isFile() === true && Number(stat.size) <= largestFile
    return isText ? { name, text: fs.readFileSync(at(name), 'utf8') } : undefined
  }
  const schemasIn = (name: string): File[] => {
    if (statOf(name)?.isDirectory() !== true) return [read(name)].filter((file) => file !== undefined)
    const names = fs.readdirSync(at(name)).filter((each) => each.endsWith('.prisma'))
    return names.map((each) => read(`${name}/${each}`)).filter((file) => file !== undefined)
  }
  return {
    config: () =>
      firstOf(
        configNames.flatMap((name) => extensions.map((extension) => `${name}.${extension}`)),
        read,
      ),
    schemas: (path) => (path === undefined ? schemaPaths(read('package.json')) : [path]).flatMap(schemasIn),
    dotenv: (folders) => {
      const texts = folders.map((folder) => read(folder === '.' ? '.env' : `${folder}/.env`)?.text ?? '')
      return Object.assign({}, ...texts.toReversed().map((text) => util.parseEnv(text)))
    },
    majorOfPrisma: () => Number.parseInt(versionOf(createRequire(at('package.json'))), 10),
  }
}

function firstOf(names: readonly string[], read: (name: string) => File | undefined): File | undefined {
  for (const name of names) {
    const file = read(name)
    if (file !== undefined) return file
  }
  return undefined
}

function schemaPaths(manifest: File | undefined): string[] {
  const { prisma } = JSON.parse(manifest?.text ?? '{}') as { readonly prisma?: { readonly schema?: unknown } }
  const usual = ['prisma/schema.prisma', 'schema.prisma']
  return typeof prisma?.schema === 'string' ? [prisma.schema] : usual
}

function versionOf(load: NodeJS.Require): string {
  try {
    return (load('prisma/package.json') as { readonly version: string }).version
  } catch {
    return ''
  }
}
