import type { PoolsafeConfig } from './options.ts'

/** Merges configurations: later ones win by option, and lists are joined. */
export function mergeConfigs(configs: readonly PoolsafeConfig[]): PoolsafeConfig {
  return configs.reduce<PoolsafeConfig>((all, { extends: _extends, ...config }) => mergeObjects(all, config), {})
}

function mergeObjects<Value extends object>(one: Value, other: Value): Value {
  const merged = new Map<string, unknown>(Object.entries(one))
  for (const [key, value] of Object.entries(other)) merged.set(key, mergeValues(merged.get(key), value))
  return Object.fromEntries(merged) as Value
}

function mergeValues(one: unknown, other: unknown): unknown {
  if (Array.isArray(one) && Array.isArray(other)) return [...(one as unknown[]), ...(other as unknown[])]
  // The data of a profile and of a catalog belongs together.
  if (isPlain(one) && isPlain(other) && !('carries' in other) && !('format' in other)) return mergeObjects(one, other)
  return other
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
