/** Jest's class that loads the modules of one test file. */
interface RuntimeClass {
  readonly prototype: { requireModule: RequireModule }
}

type RequireModule = (this: object, from: unknown, name?: unknown, ...rest: unknown[]) => unknown

/** How Jest's runner requires it: by its name, or by its path from the configuration. */
export const nameOfJest: RegExp = /(?:^|[\\/])jest-runtime(?:[\\/]build[\\/]index\.js)?$/

/** Set on the patched method. */
const patched: unique symbol = Symbol.for('poolsafe.jest')

/**
 * Reports what Jest loads. Jest has a registry of modules for each test file and runs their code itself, so Node's
 * tracing channel does not see them. All of them pass through one method of `jest-runtime` (seen in Jest 27 to 30).
 *
 * @param exported what `jest-runtime` exports; another shape is left alone, and the copies of pg are then named as not
 *   reached
 * @param see called with the name that was required, the file that requires it, and what it exports
 */
export function watchJest(exported: object, see: (name: string, from: unknown, exported: unknown) => void): void {
  const { default: Runtime = exported } = exported as { readonly default?: object }
  if (!isRuntime(Runtime)) return
  const { requireModule: original } = Runtime.prototype
  if (patched in original) return
  const requireModule: RequireModule = function requireModule(from, name, ...rest) {
    const result = Reflect.apply(original, this, [from, name, ...rest])
    if (typeof name === 'string') see(name, from, result)
    return result
  }
  Runtime.prototype.requireModule = Object.assign(requireModule, { [patched]: true })
}

function isRuntime(exported: object): exported is RuntimeClass {
  const { prototype } = exported as { readonly prototype?: { readonly requireModule?: unknown } }
  return typeof prototype?.requireModule === 'function'
}
