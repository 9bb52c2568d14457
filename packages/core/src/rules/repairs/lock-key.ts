import type { FuncCall, Node } from '@pgsql/types'
import { constantText, functionCall, isTextHash, withoutCasts } from '../../sql/function-call.ts'

/** Names the keys of a lock; `undefined` for a value that is no key. */
type KeyNamer = (parameters: readonly unknown[]) => string | undefined

/**
 * Returns a function that names what the arguments of a lock function mean, so that a lock and its unlock have the same
 * name however they are written. Numbers may be constants or parameters; so may texts under `hashtext`.
 *
 * @returns `undefined` for arguments that only the server can compute
 */
export function keyNamer(args: readonly Node[]): KeyNamer | undefined {
  return joined(args.map((arg) => numberOf(arg)))
}

function joined(keys: readonly (KeyNamer | undefined)[]): KeyNamer | undefined {
  if (keys.length === 0 || keys.includes(undefined)) return undefined
  return (parameters) => {
    const named = keys.map((key) => key?.(parameters))
    return named.includes(undefined) ? undefined : named.join()
  }
}

function numberOf(node: Node): KeyNamer | undefined {
  const inner = withoutCasts(node, /^int[248]$/)
  if (inner === undefined) return undefined
  if ('FuncCall' in inner) return hashOf(inner.FuncCall)
  const value = valueOf(inner)
  return value && ((parameters) => decimal(value(parameters)))
}

function valueOf(node: Node): ((parameters: readonly unknown[]) => unknown) | undefined {
  if ('ParamRef' in node) return (parameters) => parameters[(node.ParamRef.number ?? 0) - 1]
  const value = constantText(node)
  return value === undefined ? undefined : () => value
}

/** A number as PostgreSQL reads it: `42`, ` 42 ` and `+42` are one key. */
function decimal(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value === 0 ? 0 : value) : undefined
  if (typeof value !== 'string' || !/^[ \t\n\r\f\v]*[+-]?\d+[ \t\n\r\f\v]*$/.test(value)) return undefined
  const [sign = '', digits = ''] = /^(-?)\+?(\d+)$/.exec(value.trim())?.slice(1) ?? []
  return String(BigInt(`${sign}${digits}`))
}

function hashOf(node: FuncCall): KeyNamer | undefined {
  const call = functionCall(node)
  if (!isTextHash(call) || node.over !== undefined) return undefined
  const [hashed, seed] = call.args
  const text = hashed && withoutCasts(hashed, /^text$/)
  const value = text && valueOf(text)
  const ofSeed = seed === undefined ? (): string => '' : numberOf(seed)
  if (value === undefined || ofSeed === undefined) return undefined
  return (parameters) => {
    const given = value(parameters)
    const named = ofSeed(parameters)
    return typeof given === 'string' && named !== undefined
      ? `${call.name}(${JSON.stringify([given, named])})`
      : undefined
  }
}
