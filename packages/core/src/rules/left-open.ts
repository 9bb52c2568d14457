import type { Rule } from './rule.ts'
import { heldConnection } from './unpinned.ts'

/** Drivers give a connection back as it is: the next caller finds itself inside the transaction. */
export const leftOpen: Rule<'transaction/left-open'> = {
  id: 'transaction/left-open',
  title: 'a connection was released inside an open transaction',
  why: 'the pool does not end the transaction. The next caller that acquires the connection runs inside it, its locks stay, and the pooler cannot give its server connection to another client',
  instead: 'COMMIT or ROLLBACK before release(), in a finally block; or release(true), which closes the connection',
  onDirect: {
    why: 'the pool does not end the transaction. The next caller that acquires the connection runs inside it, and its locks stay',
  },
  remedy: { pg: heldConnection.pg },
  examples: { unsafe: [], safe: [{ sql: 'BEGIN' }, { sql: 'COMMIT' }] },
  call: {
    releasedInTransaction: () => ({
      does: 'leaves',
      state: 'transaction',
      what: 'an open transaction',
      when: 'always',
    }),
  },
}
