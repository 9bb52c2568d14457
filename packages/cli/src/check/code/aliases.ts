import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import stripJsonComments from 'strip-json-comments'
import { observe } from '../cache/observed.ts'

/** A pattern of an import, with one `*` at most, and the paths that it stands for. */
interface Alias {
  readonly pattern: string
  readonly targets: readonly string[]
}

/** The settings of a folder for imports. */
interface Paths {
  readonly aliases: readonly Alias[]
  /** Imports that no pattern has are looked for here. */
  readonly baseUrl?: string | undefined
}

const none: Paths = { aliases: [] }

/** How many configurations extend each other. */
const mostSteps = 8

/** Resolves imports by `paths` and `baseUrl` of `tsconfig.json`, and by `imports` of `package.json`. */
export class Aliases {
  readonly #byFolder = new Map<string, Paths>()

  /** Returns the absolute paths that an import may stand for, perhaps without an extension; none for a package. */
  targetsOf(path: string, module: string): readonly string[] {
    if (module.startsWith('.')) return []
    const { aliases, baseUrl } = this.#pathsOf(dirname(path))
    const matching = aliases.filter(({ pattern }) => matches(pattern, module))
    if (matching.length === 0) return baseUrl === undefined || module.startsWith('/') ? [] : [join(baseUrl, module)]
    const [best] = matching.toSorted((one, other) => prefixOf(other.pattern).length - prefixOf(one.pattern).length)
    return best === undefined ? [] : best.targets.map((target) => fill(target, best.pattern, module))
  }

  /** The nearest configuration of TypeScript upwards, and the nearest package. */
  #pathsOf(folder: string): Paths {
    const known = this.#byFolder.get(folder)
    if (known !== undefined) return known
    const parent = dirname(folder)
    const above = parent === folder ? none : this.#pathsOf(parent)
    const own = readConfig(join(folder, 'tsconfig.json'), 0) ?? readConfig(join(folder, 'jsconfig.json'), 0)
    const manifest = readJson(join(folder, 'package.json'))
    const isPackageAlias = ({ pattern }: Alias): boolean => pattern.startsWith('#')
    const found: Paths = {
      baseUrl: own === undefined ? above.baseUrl : own.baseUrl,
      aliases: [
        ...(own?.aliases ?? above.aliases.filter((alias) => !isPackageAlias(alias))),
        ...(manifest === undefined ? above.aliases.filter(isPackageAlias) : importsOf(folder, manifest['imports'])),
      ],
    }
    this.#byFolder.set(folder, found)
    return found
  }
}

type Json = Readonly<Record<string, unknown>>

/** @returns `undefined` for a file that does not exist or is no object */
function readJson(path: string): Json | undefined {
  observe(path)
  // An error costs more than a look.
  if (!existsSync(path)) return undefined
  try {
    const value: unknown = JSON.parse(stripJsonComments(readFileSync(path, 'utf8'), { trailingCommas: true }))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Own paths replace those of what a configuration extends, as in TypeScript. */
function readConfig(path: string, steps: number): Paths | undefined {
  const config = steps > mostSteps ? undefined : readJson(path)
  if (config === undefined) return undefined
  const options = isObject(config['compilerOptions']) ? config['compilerOptions'] : {}
  const folder = dirname(path)
  const parents = listOf(config['extends']).map((name) => extended(path, name, steps))
  const inherited = parents.reduce<Paths>(mergePaths, none)
  const given = options['baseUrl']
  const baseUrl = typeof given === 'string' ? resolve(folder, given) : inherited.baseUrl
  const aliases = isObject(options['paths']) ? toAliases(baseUrl ?? folder, options['paths']) : inherited.aliases
  if (aliases.length > 0 || baseUrl !== undefined) return { aliases, baseUrl }
  return { aliases: steps === 0 ? referenced(folder, config['references']) : [] }
}

function mergePaths(all: Paths, { aliases = all.aliases, baseUrl = all.baseUrl }: Partial<Paths>): Paths {
  return { aliases, baseUrl }
}

/** A configuration that only refers to others, as that of Vite's templates. References of references do not count. */
function referenced(folder: string, references: unknown): readonly Alias[] {
  const paths = Array.isArray(references)
    ? references.flatMap((each: unknown) => (isObject(each) ? listOf(each['path']) : []))
    : []
  return paths.flatMap((path) => {
    const at = resolve(folder, path)
    return readConfig(at.endsWith('.json') ? at : join(at, 'tsconfig.json'), 1)?.aliases ?? []
  })
}

/** Frameworks make a configuration when they run first. It is not in a repository. */
const frameworks: Readonly<Record<string, Json>> = {
  './.svelte-kit/tsconfig.json': { $lib: ['src/lib'], '$lib/*': ['src/lib/*'] },
  './.nuxt/tsconfig.json': { '~/*': ['app/*', '*'], '@/*': ['app/*', '*'], '~~/*': ['*'], '@@/*': ['*'] },
}

function extended(path: string, name: string, steps: number): Partial<Paths> {
  const folder = dirname(path)
  const parent = name.startsWith('.') || name.startsWith('/') ? resolve(folder, name) : resolvePackage(path, name)
  const found =
    parent === undefined ? undefined : (readConfig(parent, steps + 1) ?? readConfig(`${parent}.json`, steps + 1))
  const usual = frameworks[name]
  return found ?? (usual === undefined ? {} : { aliases: toAliases(folder, usual) })
}

function resolvePackage(path: string, name: string): string | undefined {
  for (const candidate of [name, `${name}.json`, `${name}/tsconfig.json`]) {
    try {
      return createRequire(path).resolve(candidate)
    } catch {
      // The next form.
    }
  }
  return undefined
}

function toAliases(folder: string, paths: Json): Alias[] {
  return Object.entries(paths).map(([pattern, targets]) => ({
    pattern,
    targets: listOf(targets).map((target) => resolve(folder, target.replace('${configDir}', '.'))),
  }))
}

/** Each condition may have a path of its own. Built files are not in a repository, so their sources count too. */
function importsOf(folder: string, imports: unknown): Alias[] {
  if (!isObject(imports)) return []
  return Object.entries(imports).map(([pattern, target]) => {
    const targets = textsIn(target).filter((text) => text.startsWith('.'))
    const sources = targets.map((text) => text.replace(/^\.\/(?:dist|build|lib)\//, './src/'))
    return { pattern, targets: [...new Set([...targets, ...sources])].map((text) => resolve(folder, text)) }
  })
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

function listOf(value: unknown): string[] {
  return [value].flat().filter((each): each is string => typeof each === 'string')
}

function prefixOf(pattern: string): string {
  return pattern.replace(/\*.*/, '')
}

function suffixOf(pattern: string): string {
  return pattern.replace(/^[^*]*\*/, '')
}

function matches(pattern: string, module: string): boolean {
  if (!pattern.includes('*')) return pattern === module
  const [prefix, suffix] = [prefixOf(pattern), suffixOf(pattern)]
  return module.length >= prefix.length + suffix.length && module.startsWith(prefix) && module.endsWith(suffix)
}

function fill(target: string, pattern: string, module: string): string {
  if (!pattern.includes('*')) return target
  const part = module.slice(prefixOf(pattern).length, module.length - suffixOf(pattern).length)
  return target.replace('*', () => part)
}
