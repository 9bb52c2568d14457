import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isPoolsafeError } from '@poolsafe/core'
import { UsageError } from '../usage-error.ts'
import { checkConfig } from './check-config.ts'
import { findConfig } from './find.ts'
import { mergeConfigs } from './merge.ts'
import type { PoolsafeConfig } from './options.ts'

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
  const path = asked === undefined ? findConfig(cwd) : resolve(cwd, asked)
  if (path === undefined) return { config: {}, path, folder: cwd }
  return { config: await loadWithParents(path, []), path, folder: dirname(path) }
}

/** @param children the files that extend this one, to find a circle */
async function loadWithParents(path: string, children: readonly string[]): Promise<PoolsafeConfig> {
  if (children.includes(path)) throw new UsageError(`${path} extends itself: ${[...children, path].join(' → ')}`)
  const own = await loadFile(path)
  const names = typeof own.extends === 'string' ? [own.extends] : (own.extends ?? [])
  const parents: PoolsafeConfig[] = []
  for (const name of names) parents.push(await loadWithParents(resolve(dirname(path), name), [...children, path]))
  return mergeConfigs([...parents, own])
}

async function loadFile(path: string): Promise<PoolsafeConfig> {
  if (!existsSync(path)) throw new UsageError(`there is no configuration file ${path}`)
  const value = await read(path)
  try {
    return checkConfig(value)
  } catch (error) {
    if (isPoolsafeError(error)) throw new UsageError(`${path}: ${error.message}`, { cause: error })
    throw error
  }
}

async function read(path: string): Promise<unknown> {
  try {
    if (path.endsWith('.json')) return JSON.parse(readFileSync(path, 'utf8'))
    // A query would load a changed file again, but Node then finds no package beside it.
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
    return loaded.default
  } catch (error) {
    throw new UsageError(`${path} does not load: ${reasonOf(error)}`, { cause: error })
  }
}

function reasonOf(error: unknown): string {
  const { code, message = String(error) } = error as { readonly code?: string; readonly message?: string }
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return 'this Node cannot load TypeScript; use Node 22.18 or later, or poolsafe.config.js'
  if (code === 'ERR_MODULE_NOT_FOUND' && message.includes("'poolsafe'"))
    return "it imports 'poolsafe', which is not installed here; install it, or export a plain object"
  return message
}
