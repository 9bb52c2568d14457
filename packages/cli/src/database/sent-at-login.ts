/** Parameters of URLs and of node-postgres' configuration that drivers send at login as settings of the session. */
export const sentAtLogin = [
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'options',
] as const
