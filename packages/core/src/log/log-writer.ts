export type LogLevel = 'info' | 'warn' | 'error'

/** A log entry: a message, and the same data as fields. */
export interface LogEntry {
  readonly level: LogLevel
  /** Without the prefix `[poolsafe]`. */
  readonly message: string
  /** The form for terminals, if it differs from the message. */
  readonly terminal?: string
  /** Plain data below the single key `poolsafe`, to avoid collisions with fields of the application. */
  readonly fields: LogFields
}

/** The event of the guard and its data. */
export interface LogFields {
  readonly event: string
  readonly [name: string]: unknown
}

type Method = (...args: unknown[]) => unknown

type Methods = { readonly [name: string]: unknown }

/**
 * - `console`: a message; rows for people if the standard error is a terminal, because container log collectors split
 *   rows
 * - `fieldsFirst`: pino, and bunyan before it: `warn(fields, message)`
 * - `fieldsLast`: winston, log4js and most others: `warn(message, fields)`
 * - `words`: other objects get a message
 */
type Manner = 'console' | 'fieldsFirst' | 'fieldsLast' | 'words'

/** Writes to a logger in its own calling convention. */
export class LogWriter {
  readonly #logger: Methods
  readonly #manner: Manner

  constructor(logger: Logger) {
    this.#logger = logger as unknown as Methods
    this.#manner = mannerOf(logger, this.#logger)
  }

  /** @returns the logger's result; a promise for an asynchronous logger */
  write(entry: LogEntry): unknown {
    const method = this.#methodFor(entry.level)
    return method === undefined ? undefined : Reflect.apply(method, this.#logger, this.#argumentsFor(entry))
  }

  #argumentsFor({ message, terminal, fields }: LogEntry): unknown[] {
    const text = `[poolsafe] ${message}`
    if (this.#manner === 'console') return [process.stderr.isTTY ? `[poolsafe] ${terminal ?? message}` : text]
    if (this.#manner === 'words') return [text]
    const own = { poolsafe: fields }
    return this.#manner === 'fieldsFirst' ? [own, withoutFormat(text)] : [withoutFormat(text), own]
  }

  /** The standard output belongs to the application, so on a console information goes to the standard error too. */
  #methodFor(level: LogLevel): Method | undefined {
    if (this.#manner === 'console') return level === 'warn' ? this.#method('warn') : this.#method('error')
    return this.#method(level) ?? (level === 'error' ? this.#method('warn') : undefined)
  }

  #method(name: string): Method | undefined {
    const method = this.#logger[name]
    return typeof method === 'function' ? (method as Method) : undefined
  }
}

function mannerOf(logger: Logger, methods: Methods): Manner {
  if (logger === console) return 'console'
  const has = (...names: string[]): boolean => names.every((name) => typeof methods[name] === 'function')
  if (has('child', 'bindings') || has('child', 'addSerializers')) return 'fieldsFirst'
  return has('debug', 'info', 'error') ? 'fieldsLast' : 'words'
}

/** `a%count` in a statement would be a format specifier, and winston would drop the fields. */
function withoutFormat(text: string): string {
  return text.replaceAll(/%(?=[a-z%])/gi, '% ')
}

/**
 * The logger for warnings. `console` gets rows for people where the standard error is a terminal, and one line for a
 * slow or repeated query elsewhere. A structured logger gets the fields beside the message, below the key `poolsafe`:
 * pino, and bunyan, as `warn(fields, message)`; what has `debug`, `info`, `warn` and `error` (winston, log4js …) as
 * `warn(message, fields)`. Any other object gets `warn(message)`.
 */
export interface Logger {
  warn(message: string): unknown
  /** For information, such as the limits of a pool at its start. Without this method, information is not logged. */
  info?(message: string): unknown
  /** For very slow statements. @default warn */
  error?(message: string): unknown
}
