/** What can be called: a method of a driver or of a connection. */
type Method = (...args: never[]) => unknown

/**
 * The method that stands behind a guarded one. It is looked up when it is called, as tools for tracing, and tests, put
 * others in its place on the prototype. A method of the object itself is kept.
 */
export function originalOf<Target extends object, Name extends keyof Target>(target: Target, name: Name): Target[Name] {
  if (Object.hasOwn(target, name)) return (target[name] as Method).bind(target) as Target[Name]
  const prototype = Object.getPrototypeOf(target) as Target
  return ((...args: never[]) => Reflect.apply(prototype[name] as Method, target, args)) as Target[Name]
}
