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
  const [key, second] = args
  if (key === undefined || args.length > 2) return undefined
  return joined(second === undefined ? [numberOf(key, big)] : [numberOf(key, small), numberOf(second, small)])
}

/** The type of a key: no function takes a number that is larger, and the error would name another function. */
interface KeyType {
  readonly casts: RegExp
  readonly hash: RegExp
  readonly largest: bigint
}

const big: KeyType = { casts: /^int[248]$/, hash: /./, largest: 2n ** 63n - 1n }
const small: KeyType = { casts: /^int[24]$/, hash: /^hashtext$/, largest: 2n ** 31n - 1n }

function joined(keys: readonly (KeyNamer | undefined)[]): KeyNamer | undefined {
  if (keys.length === 0 || keys.includes(undefined)) return undefined
  return (parameters) => {
    const named = keys.map((key) => key?.(parameters))
    return named.includes(undefined) ? undefined : named.join()
  }
}

function numberOf(node: Node, type: KeyType): KeyNamer | undefined {
  const inner = withoutCasts(node, type.casts)
  if (inner === undefined) return undefined
  if ('FuncCall' in inner) return hashOf(inner.FuncCall, type)
  const value = valueOf(inner)
  return value && ((parameters) => decimal(value(parameters), type))
}

function valueOf(node: Node): ((parameters: readonly unknown[]) => unknown) | undefined {
  if ('ParamRef' in node) return (parameters) => parameters[(node.ParamRef.number ?? 0) - 1]
  const value = constantText(node)
  return value === undefined ? undefined : () => value
}

/** A number as PostgreSQL reads it: `42`, ` 42 ` and `+42` are one key. */
function decimal(value: unknown, type: KeyType): string | undefined {
  const number = numberIn(value)
  return number === undefined || number > type.largest || number < -type.largest - 1n ? undefined : String(number)
}

function numberIn(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^[ \t\n\r\f\v]*[+-]?\d+[ \t\n\r\f\v]*$/.test(value)) return undefined
  const [sign = '', digits = ''] = /^(-?)\+?(\d+)$/.exec(value.trim())?.slice(1) ?? []
  return BigInt(`${sign}${digits}`)
}

function hashOf(node: FuncCall, type: KeyType): KeyNamer | undefined {
  const call = functionCall(node)
  if (!isTextHash(call) || node.over !== undefined || !type.hash.test(call.name)) return undefined
  const [hashed, seed] = call.args
  const text = hashed && withoutCasts(hashed, /^text$/)
  const value = text && valueOf(text)
  const ofSeed = seed === undefined ? (): string => '' : numberOf(seed, big)
  if (value === undefined || ofSeed === undefined) return undefined
  return (parameters) => {
    const given = value(parameters)
    const named = ofSeed(parameters)
    return typeof given === 'string' && named !== undefined
      ? `${call.name}(${JSON.stringify([given, named])})`
      : undefined
  }
}
