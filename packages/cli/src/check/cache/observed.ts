let observed = new Set<string>()

/** Starts a list of the files that are looked at besides those to check: imported files, and manifests around a file. */
export function observeFiles(): ReadonlySet<string> {
  observed = new Set()
  return observed
}

/** Notes a file that a result depends on, also if it does not exist. */
export function observe(path: string): void {
  observed.add(path)
}
