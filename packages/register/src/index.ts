import { createRequire } from 'node:module'
import type { Guard } from '@poolsafe/core'
import type * as GuardModule from './guard.ts'

// The entry of `node --import @poolsafe/register`. It guards the process when it is loaded.

/** Node sets it: one guard for the process, although Node may load this file as an ES module and as CommonJS. */
const key: unique symbol = Symbol.for('poolsafe.register')

interface Registered {
  [key]?: Guard | 'off'
}

const registered = globalThis as Registered

/**
 * Returns the guard that watches this process, for statistics, metrics and `guard.allow`. `undefined` with
 * `POOLSAFE_MODE=off`.
 */
export function registeredGuard(): Guard | undefined {
  const guard = registered[key]
  return guard === 'off' ? undefined : guard
}

/** Everything else is loaded only if it is needed: with `POOLSAFE_MODE=off`, this file costs nothing. */
function start(): Guard | 'off' {
  if (process.env['POOLSAFE_MODE'] === 'off') return 'off'
  const { startGuard } = createRequire(import.meta.url)('@poolsafe/register/guard') as typeof GuardModule
  try {
    return startGuard(process.env, process.cwd()) ?? 'off'
  } catch (error) {
    return endWith(error as Error)
  }
}

/** The configuration is wrong. A stack would hide the message, and the application must not start without its guard. */
function endWith({ message }: Error): never {
  process.stderr.write(`error: @poolsafe/register: ${message}\n`)
  process.exit(1)
}

registered[key] ??= start()
