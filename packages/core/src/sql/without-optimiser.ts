/**
 * V8's flags, without `--`, that let it compile functions again with its optimising compiler once they are called
 * often. For PostgreSQL's grammar, one function of 264 kB, that compiler takes up to 600 MB and seconds of CPU time
 * (Node 24).
 */
const flags = ['wasm-dynamic-tiering', 'wasm-tier-up'] as const

/**
 * Runs `work` while V8 optimises no WebAssembly. V8 compiles a function at its first call. What is first called here
 * gets code that does not count its calls, so V8 never optimises it later. The flags apply to the process: other
 * WebAssembly is optimised as ever.
 */
export function withoutOptimiser<Result>(work: () => Result): Result {
  const changed = canSetFlags() ? flags.filter(switchOff) : []
  try {
    return work()
  } finally {
    for (const flag of changed) v8().setFlagsFromString(`--${flag}`)
  }
}

/** V8 ends the process when a flag is set after its flags were frozen. Node lets it freeze them only on request. */
function canSetFlags(): boolean {
  return !process.execArgv.some((option) => /^--freeze[-_]flags[-_]after[-_]init$/.test(option))
}

/**
 * Switches a flag off. No function reads a flag, but V8's version tag for cached code changes with each of them.
 *
 * @returns false if it was off already
 */
function switchOff(flag: string): boolean {
  const { cachedDataVersionTag, setFlagsFromString } = v8()
  const before = cachedDataVersionTag()
  setFlagsFromString(`--no-${flag}`)
  return cachedDataVersionTag() !== before
}

function v8(): typeof import('node:v8') {
  return process.getBuiltinModule('node:v8')
}
