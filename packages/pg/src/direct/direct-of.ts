/** The property of a guarded pool that holds its pool of direct connections. */
const directKey = Symbol.for('poolsafe.direct')

/** Returns the direct pool of a guarded pool; any other pool as it is. */
export function directOf<Pool extends object>(pool: Pool): Pool {
  return (pool as { readonly [directKey]?: Pool } | null | undefined)?.[directKey] ?? pool
}

/** Makes a direct pool known. */
export function setDirect(pool: object, direct: object): void {
  Object.defineProperty(pool, directKey, { value: direct })
}
