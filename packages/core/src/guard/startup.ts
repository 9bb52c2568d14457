/**
 * Returns the names in a startup message: `options` itself and each setting in it, because a pooler may refuse
 * `options`, or read it and refuse a setting. Values are omitted.
 */
export function namesOfStartup(parameters: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(parameters).flatMap(([name, value]) => {
    if (name !== 'options') return [name]
    return [name].concat(settingsIn(String(value)).map((setting) => `${setting} (in options)`))
  })
}

/** The server accepts `-c name=value` and `--name=value`, and reads a dash in a name as an underscore. */
function settingsIn(options: string): string[] {
  const found = options.matchAll(/(?:^|\s)(?:-c\s*|--)([A-Za-z_][\w.-]*)\s*=/g)
  return [...new Set([...found].map(([, name = '']) => name.replaceAll('-', '_')))]
}
