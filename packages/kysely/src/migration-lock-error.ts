import { PoolsafeError } from '@poolsafe/core'

/** Why the lock of migrations could not be acquired. */
type Reason = 'no transaction' | 'no connection' | 'held'

/** Migrations with the option `migrations: 'transaction'` could not acquire their lock. None of them has run. */
export class MigrationLockError extends PoolsafeError {
  static override readonly name: string = 'MigrationLockError'

  constructor(reason: Reason) {
    super(messages[reason].join('\n'))
  }
}

const docs = '  docs       node_modules/@poolsafe/core/docs/migrations.md'

const messages: Readonly<Record<Reason, readonly string[]>> = {
  'no transaction': [
    'migrations without a transaction cannot be locked behind a transaction pooler',
    "  why        with migrations: 'transaction' the lock belongs to the transaction of the migrations, and disableTransactions asks for none. A lock of the session would stay on a server connection that other clients use next",
    '  instead    a Kysely on the direct (unpooled) URL for migrations without a transaction, such as CREATE INDEX CONCURRENTLY',
    docs,
  ],
  'no connection': [
    'the migration lock was asked for without a connection to hold it',
    "  why        with migrations: 'transaction' the lock belongs to the next transaction of a held connection, as Kysely's Migrator begins it",
    '  instead    acquireMigrationLock() with the handle of db.connection().execute() or of a transaction',
    docs,
  ],
  held: [
    'another deploy has held the migration lock for an hour',
    '  why        a migration is still running, or a deploy with another lock has left it on a server connection of the pooler',
    "  instead    look for its holder: SELECT pid, granted FROM pg_locks WHERE locktype = 'advisory'; end it with pg_terminate_backend(pid) if it only is left over",
    docs,
  ],
}
