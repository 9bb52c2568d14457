/** The four faults: the test that each one fails, and the rule that names it. */
export const faults = [
  // Inside a trigger of the database: only the hostile pooler can see it.
  { test: 'a payment is written down with who made it', rule: 'session/set' },
  { test: 'a tenant sees its own invoices alone', rule: 'session/set-config' },
  { test: 'invoices are added up by tenant', rule: 'session/temp-object' },
  { test: 'a reminder is sent once', rule: 'session/advisory-lock' },
]
