import { tryRows, type Ask, type Unseen } from '../ask/ask.ts'
import type { Catalog } from '../catalog/catalog.ts'

/** `current_setting('app.tenant')` in any code. PostgreSQL has no list of custom settings. */
const asked = /\bcurrent_setting\s*\(\s*E?'([\w$]+(?:\.[\w$]+)+)'/gi

/** Returns the names of custom settings that the code of the database reads. */
export function customSettingsIn(catalog: Catalog): string[] {
  const texts = [
    ...catalog.routines.map(({ definition }) => definition),
    ...catalog.relations.map(({ definition }) => definition),
    ...catalog.policies.flatMap(({ using, checks }) => [using, checks]),
    ...catalog.defaults.map(({ expression }) => expression),
    ...catalog.checks.map(({ expression }) => expression),
    ...catalog.rules.map(({ definition }) => definition),
    ...catalog.triggers.map(({ definition }) => definition),
  ]
  const names = texts.flatMap((text) => [...(text ?? '').matchAll(asked)].map(([, name = '']) => name.toLowerCase()))
  return [...new Set(names)].toSorted()
}

/**
 * Returns the custom settings that have a value in this session. Through a pooler that is what another client has left,
 * or what ALTER ROLE has set. The value is never read.
 */
export async function settingsWithValue(ask: Ask, names: readonly string[], unseen: Unseen[]): Promise<string[]> {
  if (names.length === 0) return []
  const list = names.map((name) => `'${name.replaceAll("'", "''")}'`).join(', ')
  const rows = await tryRows<{ readonly name: string }>(
    ask,
    'custom settings',
    `SELECT n AS name FROM unnest(ARRAY[${list}]) n WHERE nullif(current_setting(n, true), '') IS NOT NULL`,
    unseen,
  )
  return rows.map(({ name }) => name)
}
