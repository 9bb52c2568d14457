import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, resolve } from 'node:path'
import { isPoolsafeError } from '@poolsafe/core'
import { checkConfig } from './check-config.ts'
import { findConfig } from './find.ts'
import { mergeConfigs } from './merge.ts'
import type { PoolsafeConfig } from './options.ts'
import { UsageError } from './usage-error.ts'

/** A configuration with the file that it comes from. */
export interface LoadedConfig {
  readonly config: PoolsafeConfig
  /** Absolute; `undefined` if there is no file. */
  readonly path: string | undefined
  /** The folder that paths and globs in the configuration are relative to. */
  readonly folder: string
}

/**
 * Loads the configuration that `--config` names, otherwise the nearest one upwards. Without a file it is empty.
 *
 * @throws UsageError for a file that is missing, does not load or has an unknown option
 */
export async function loadConfig(cwd: string, asked: string | undefined): Promise<LoadedConfig> {
  return loadConfigSync(cwd, asked)
}

/**
 * The same for a process that must not wait, such as one that guards itself before the application starts.
 *
 * @throws UsageError for a file that is missing, does not load or has an unknown option
 */
export function loadConfigSync(cwd: string, asked?: string): LoadedConfig {
  const path = asked === undefined ? findConfig(cwd) : resolve(cwd, asked)
  if (path === undefined) return { config: {}, path, folder: cwd }
  return { config: loadWithParents(path, []), path, folder: dirname(path) }
}

/** @param children the files that extend this one, to find a circle */
function loadWithParents(path: string, children: readonly string[]): PoolsafeConfig {
  if (children.includes(path)) throw new UsageError(`${path} extends itself: ${[...children, path].join(' → ')}`)
  const own = loadFile(path)
  const names = typeof own.extends === 'string' ? [own.extends] : (own.extends ?? [])
  const parents = names.map((name) => loadParent(resolve(dirname(path), name), [...children, path]))
  return mergeConfigs([...parents, own])
}

function loadParent(path: string, children: readonly string[]): PoolsafeConfig {
  if (existsSync(path)) return loadWithParents(path, children)
  throw new UsageError(`${children.at(-1)} extends ${path}, which does not exist; extends takes paths of files`)
}

function loadFile(path: string): PoolsafeConfig {
  if (!existsSync(path)) throw new UsageError(`there is no configuration file ${path}`)
  const value = read(path)
  try {
    return checkConfig(withPaths(value, dirname(path)))
  } catch (error) {
    if (isPoolsafeError(error)) throw new UsageError(`${path}: ${error.message}`, { cause: error })
    throw error
  }
}

/** The path of a catalog is relative to its configuration. */
function withPaths(value: unknown, folder: string): unknown {
  const { guard } = (value ?? {}) as { readonly guard?: { readonly catalog?: unknown } | null }
  if (typeof guard?.catalog !== 'string') return value
  return { ...(value as object), guard: { ...guard, catalog: resolve(folder, guard.catalog) } }
}

function read(path: string): unknown {
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'))
    // Node loads ES modules and TypeScript by `require` too.
    const loaded = createRequire(path)(path) as { readonly default?: unknown }
    return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : loaded
  } catch (error) {
    throw new UsageError(`${path} does not load: ${reasonOf(error)}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as { readonly code?: string; readonly message?: string }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return 'this Node cannot load TypeScript; use Node 22.18 or later, or poolsafe.config.js'
  if (code === 'ERR_REQUIRE_ASYNC_MODULE') return 'it uses await outside of a function; export a plain object'
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'poolsafe'"))
    return "it imports 'poolsafe', which is not installed here; install it, or export a plain object"
  return message
}
