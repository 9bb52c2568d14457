/** A parameter that no driver can send. */
export function circular(): object {
  const self: Record<string, unknown> = {}
  self['self'] = self
  return self
}
