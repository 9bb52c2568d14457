/** The ten faults: the test that each one fails, and the rule that names it. */
export const faults = [
  { test: 'a tenant sees its own orders alone', rule: 'session/set-config' },
  { test: 'orders are counted by tenant', rule: 'session/set' },
  { test: 'an order gets a number of its own', rule: 'session/sequence-value' },
  { test: 'orders are exported in pages', rule: 'session/held-cursor' },
  { test: 'an import adds what is not there yet', rule: 'session/temp-object' },
  { test: 'a price can be asked for', rule: 'session/prepared-statement' },
  { test: 'clients can subscribe to orders', rule: 'session/listen' },
  { test: 'a migration brings an empty database up to date', rule: 'session/advisory-lock' },
  // Inside a trigger and a function of the database: only the hostile pooler can see them.
  { test: 'a change of a price is written down with who made it', rule: 'session/set' },
  { test: 'a job is given to one worker', rule: 'session/advisory-lock' },
]
