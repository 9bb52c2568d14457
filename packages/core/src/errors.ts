/** Shared by every copy of poolsafe in the process, so that two installed versions recognise each other's errors. */
const brand = Symbol.for('poolsafe.error')

/**
 * The base class of poolsafe's errors. None has a `code`, because Prisma replaces errors that have one by its own,
 * without class, fields and cause.
 */
export abstract class PoolsafeError extends Error {
  /** A literal, because bundlers rename classes. */
  static override readonly name: string = 'PoolsafeError'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    Object.defineProperty(this, brand, { value: true })
    // On the prototype, `name` would not survive a copy of the error's own fields.
    Object.defineProperty(this, 'name', { value: new.target.name, configurable: true })
  }
}

/** An option is unknown, or has a value that it cannot have. Thrown at construction; nothing is clamped. */
export class InvalidOptionError extends PoolsafeError {
  static override readonly name: string = 'InvalidOptionError'
  /** The option's name. */
  readonly option: string

  /** @param meant what was probably meant */
  constructor(option: string, came: unknown, allowed: string, meant?: string) {
    super(
      meant === undefined
        ? `${option} must be ${allowed}; got ${shown(came)}`
        : `${option} is ${shown(came)}: did you mean '${meant}'? It must be ${allowed}`,
    )
    this.option = option
  }
}

/** A fault inside poolsafe itself. Outside strict mode it is reported once and the statement goes on. */
export class PoolsafeFault extends PoolsafeError {
  static override readonly name: string = 'PoolsafeFault'
  constructor(where: string, cause: unknown) {
    super(`poolsafe failed while it tried to ${where}; this is a bug of poolsafe, please report it`, { cause })
  }
}

/**
 * A function of the application failed when poolsafe called it: a listener of `guard.on()`, or the logger. poolsafe
 * reports the first failure of each function to the log and to listeners of `fault`. Its `cause` is what the function
 * threw, or what its promise was rejected with.
 */
export class CallbackError extends PoolsafeError {
  static override readonly name: string = 'CallbackError'
  /** The function, such as `the listener of 'finding'` or `the logger's warn()`. */
  readonly callback: string

  /**
   * @param happened what it did, such as `threw` or `rejected`
   * @param site where it did that, if known
   */
  constructor(callback: string, happened: string, cause: unknown, site?: string) {
    const where = site === undefined ? '' : ` at ${site}`
    super(`${callback} ${happened}${where}; poolsafe called it for your application: catch errors inside it`, { cause })
    this.callback = callback
  }
}

/** Returns true if an error is poolsafe's own, whichever copy of the package made it. */
export function isPoolsafeError(error: unknown): error is PoolsafeError {
  return typeof error === 'object' && error !== null && brand in error
}

/** The error of poolsafe that `error` is or was caused by; ORMs wrap errors of the driver in their own. */
export function findPoolsafeError(error: unknown): PoolsafeError | undefined {
  const seen = new Set<unknown>()
  for (let next = error; typeof next === 'object' && next !== null && !seen.has(next);) {
    if (isPoolsafeError(next)) return next
    seen.add(next)
    next = (next as { cause?: unknown }).cause
  }
  return undefined
}

/** Describes a value, unless it may hold a secret: a connection string in the wrong place is the likeliest mistake. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 || /:\/\/|[@=]/.test(value) ? 'a string' : `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
