import type { CatalogDescription } from '@poolsafe/core'
import type { DescribedEffect } from '@poolsafe/core/internal'

/** `set_config(…, false)` behind these links. */
export const setting = (...via: string[]): DescribedEffect => ({
  rule: 'session/set-config',
  state: 'setting',
  what: 'set_config(…, false)',
  object: 'app.tenant',
  ...(via.length > 0 && { via }),
})

/** A description of a database with nothing in it but what is given. */
export function catalogOf(given: Partial<CatalogDescription>): CatalogDescription {
  return {
    format: 'poolsafe.catalog',
    version: 1,
    writtenAt: '2026-11-30T12:00:00.000Z',
    database: 'shop',
    serverVersion: 180_000,
    searchPath: ['public'],
    routines: [],
    relations: [],
    operators: [],
    types: [],
    eventTriggers: [],
    ...given,
  }
}

/** A small shop: `shop.orders` has a trigger for INSERT, `public.hide_set()` sets a setting. */
export const shopCatalog: CatalogDescription = catalogOf({
  routines: [{ schema: 'public', name: 'hide_set', least: 0, most: 0, leaves: [setting()] }],
  relations: [
    {
      schema: 'public',
      name: 'orders',
      hooks: [{ use: 'insert', leaves: [setting('trigger stamp', 'public.stamp()')] }],
    },
  ],
})
