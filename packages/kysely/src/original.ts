/** A method of a driver or of a connection. */
type Method = (...args: never[]) => unknown

/**
 * Returns the method behind a guarded one. A method of the prototype is looked up at each call, because tracing tools
 * and tests replace it there. The object's own method is kept.
 */
export function originalOf<Target extends object, Name extends keyof Target>(target: Target, name: Name): Target[Name] {
  if (Object.hasOwn(target, name)) return (target[name] as Method).bind(target) as Target[Name]
  const prototype = Object.getPrototypeOf(target) as Target
  return ((...args: never[]) => Reflect.apply(prototype[name] as Method, target, args)) as Target[Name]
}
