/**
 * The ten faults: the test that each one fails, and the rule that names it. `remains` says why it fails also with
 * repairs and direct connections (`npm run test:repaired`).
 */
export const faults = [
  { test: 'a tenant sees its own orders alone', rule: 'session/set-config' },
  { test: 'orders are counted by tenant', rule: 'session/set' },
  {
    test: 'an order gets a number of its own',
    rule: 'session/sequence-value',
    remains: 'currval needs the session of the INSERT, which has run behind the pooler',
  },
  {
    test: 'orders are exported in pages',
    rule: 'session/held-cursor',
    remains: 'the transaction has begun behind the pooler, and a cursor WITH HOLD is there to outlive it',
  },
  { test: 'an import adds what is not there yet', rule: 'session/temp-object' },
  { test: 'a price can be asked for', rule: 'session/prepared-statement' },
  {
    test: 'clients can subscribe to orders',
    rule: 'session/listen',
    remains: 'a client that belongs to no pool has no direct pool either: use listen()',
  },
  { test: 'a migration brings an empty database up to date', rule: 'session/advisory-lock' },
  // Inside a trigger and a function of the database: only the hostile pooler can see them.
  {
    test: 'a change of a price is written down with who made it',
    rule: 'session/set',
    remains: 'no statement shows what a trigger does',
  },
  {
    test: 'a job is given to one worker',
    rule: 'session/advisory-lock',
    remains: 'no statement shows what a function does',
  },
]
