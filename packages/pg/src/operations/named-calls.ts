import { currentOrigin, type Origin } from '@poolsafe/core/adapter'
import { origins } from '@poolsafe/core/internal'
import type { DriverFunction } from '../types.ts'
import { originalKey } from '../unpatched.ts'

const { isPromise } = process.getBuiltinModule('node:util').types

/**
 * Returns what a call of the ORM belongs to, such as `User`; `undefined` if the call does not tell.
 *
 * @param self the object or class whose method is called
 */
export type ModelOf = (self: object, args: readonly unknown[]) => string | undefined

/** Methods of one object. */
type Methods = Record<string, unknown>

/** A call of the ORM that runs now. */
class RunningCall implements Origin {
  readonly operation: string
  isOver = false

  constructor(operation: string) {
    this.operation = operation
  }
}

/**
 * Patches methods in place, so that the statements that a call sends have the name of the call: `User.find`. A call
 * inside another one keeps the name of the outer one, which is what the application wrote. Methods that an object lacks,
 * or that are patched already, stay as they are.
 */
export function nameCalls(holder: object, names: readonly string[], modelOf: ModelOf): void {
  for (const name of names) nameCall(holder as Methods, name, modelOf)
}

function nameCall(holder: Methods, name: string, modelOf: ModelOf): void {
  const original = Object.hasOwn(holder, name) ? holder[name] : undefined
  if (typeof original !== 'function' || originalKey in original) return
  const call = original as DriverFunction
  function named(this: object, ...args: unknown[]): unknown {
    const model = currentOrigin() === undefined ? modelOf(this, args) : undefined
    if (model === undefined) return Reflect.apply(call, this, args)
    const running = new RunningCall(`${model}.${name}`)
    const result = origins.run(running, Reflect.apply, call, this, args)
    return isPromise(result) ? untilItEnds(result, running) : end(running, result)
  }
  Object.defineProperty(named, 'name', { value: name })
  Object.defineProperty(named, 'length', { value: original.length })
  Object.defineProperty(named, originalKey, { value: original })
  Object.defineProperty(holder, name, { value: named, configurable: true, writable: true })
}

/** Asynchronous, so that V8 still knows the awaiting function, and an unhandled rejection stays one. */
async function untilItEnds(result: Promise<unknown>, running: RunningCall): Promise<unknown> {
  try {
    return await result
  } finally {
    running.isOver = true
  }
}

function end(running: RunningCall, result: unknown): unknown {
  running.isOver = true
  return result
}
