/** `old := current_setting('app.a', true)`, `old text DEFAULT …`, also within COALESCE. One of the two words is the variable. */
const assigned =
  /\b(?:([a-z_]\w*)\s+)?\b([a-z_][\w.]*)\s*(?::=|=|\bDEFAULT\b)\s*(?:coalesce\s*\(\s*)?current_setting\s*\(\s*'([^']+)'/gi

/** `SELECT current_setting('app.a', true) INTO old` */
const selected = /\bcurrent_setting\s*\(\s*'([^']+)'[^()]*\)(?:\s*,\s*''\s*\))?\s*INTO\s+(?:STRICT\s+)?([a-z_]\w*)/gi

/** `set_config('app.a', old, …`, also with COALESCE. */
const restoring = /\bset_config\s*\(\s*'([^']+)'\s*,\s*(?:coalesce\s*\(\s*([a-z_]\w*)\s*,\s*''\s*\)|([a-z_]\w*))\s*,/gi

/**
 * Finds variables in which a routine saves a setting before it changes it. Returns a function that replaces them in
 * `set_config` by NULL: putting the saved value back takes the change back, as a reset does.
 */
export function restoresSaved(definition: string): (sql: string) => string {
  const saved = savedIn(definition)
  if (saved.size === 0) return (sql) => sql
  return (sql) =>
    sql.replaceAll(restoring, (call: string, setting: string, wrapped?: string, plain?: string) => {
      const isSaved = saved.has(keyOf(wrapped ?? plain ?? '', setting))
      return isSaved ? `set_config('${setting}', NULL,` : call
    })
}

/** The pairs of variable and setting. */
function savedIn(definition: string): ReadonlySet<string> {
  const found = [
    ...[...definition.matchAll(assigned)].flatMap(({ 1: first = '', 2: second = '', 3: setting = '', index }) => [
      { variable: first, setting, index },
      { variable: second, setting, index },
    ]),
    ...[...definition.matchAll(selected)].map(({ 1: setting = '', 2: variable = '', index }) => ({
      variable,
      setting,
      index,
    })),
  ]
  return new Set(
    found
      .filter(({ setting, index }) => !isChangedBefore(definition, setting, index))
      .map(({ variable, setting }) => keyOf(variable, setting)),
  )
}

function keyOf(variable: string, setting: string): string {
  return `${variable} ${setting}`.toLowerCase()
}

function isChangedBefore(definition: string, setting: string, index: number): boolean {
  const before = definition.slice(0, index).toLowerCase()
  return before.includes(`set_config('${setting.toLowerCase()}'`) || before.includes(`set ${setting.toLowerCase()} `)
}
