/** Fields of the parse tree that say where something stands in the text. */
const places: ReadonlySet<string> = new Set([
  'list_end',
  'list_start',
  'location',
  'rexpr_list_end',
  'rexpr_list_start',
  'stmt_len',
  'stmt_location',
])

/** Compares two parse trees without the places of their nodes. Without recursion, because trees may be deep. */
export function isSameTree(one: unknown, other: unknown): boolean {
  const pending: [unknown, unknown][] = [[one, other]]
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const [left, right] = pair
    if (!isObject(left) || !isObject(right)) {
      if (left !== right) return false
      continue
    }
    const keys = fieldsOf(left)
    if (Array.isArray(left) !== Array.isArray(right) || keys.length !== fieldsOf(right).length) return false
    for (const key of keys) {
      if (!Object.hasOwn(right, key)) return false
      pending.push([left[key], right[key]])
    }
  }
  return true
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function fieldsOf(node: Record<string, unknown>): string[] {
  return Object.keys(node).filter((key) => !places.has(key) && node[key] !== undefined)
}
