import { readdirSync, statSync, watch, type FSWatcher } from 'node:fs'
import { dirname, join } from 'node:path'
import { neverFolders } from '../files.ts'

/**
 * Watches every folder below some roots that a check looks into. Node's own recursive watch would look into `node_modules`, and differs between
 * systems.
 */
export class FolderWatch {
  readonly #roots: readonly string[]
  readonly #changed: (path: string) => void
  readonly #watchers = new Map<string, FSWatcher>()

  /**
   * @param roots folders or files, as absolute paths
   * @param changed gets the path of each file or folder that is new, changed or gone
   */
  constructor(roots: readonly string[], changed: (path: string) => void) {
    this.#roots = roots
    this.#changed = changed
  }

  /** Watches folders that are new. Call it before you read them, so that no change is missed. */
  refresh(): number {
    for (const root of this.#roots) this.#add(isFolder(root) ? root : dirname(root), isFolder(root))
    return this.#watchers.size
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #add(folder: string, isDeep: boolean): void {
    if (!this.#watchers.has(folder)) this.#watch(folder)
    for (const name of isDeep ? foldersIn(folder) : []) this.#add(join(folder, name), true)
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, (_, name) => this.#changed(join(folder, name ?? '')))
      // The folder is gone. A new one of its name gets a new watch.
      watcher.on('error', () => this.#drop(folder))
      this.#watchers.set(folder, watcher)
    } catch {
      // It is gone, or may not be read.
    }
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close()
    this.#watchers.delete(folder)
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Links may lead back, so they are not followed. */
function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.flatMap((entry) => (entry.isDirectory() && !neverFolders.includes(entry.name) ? [entry.name] : []))
  } catch {
    return []
  }
}
