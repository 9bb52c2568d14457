import { InvalidOptionError } from '../errors.ts'
import { serverCodeOf } from './server-code.ts'
import type { Run } from './database.ts'

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const undefinedTable = '42P01'
const uniqueViolation = '23505'
const duplicateTable = '42P07'

/** One holder's claim on a key. */
export interface Claim {
  readonly key: string
  readonly holder: string
  /** Grows by one with every holder of the key. */
  readonly fencing: bigint
}

/** The table of all leases: who holds which key, until when. All times are the server's. */
export class LeaseTable {
  readonly #name: string
  readonly #run: Run

  /** @param name quoted where that is needed */
  constructor(name: string, run: Run) {
    this.#name = name
    this.#run = run
  }

  /** Creates the table where it is missing. Replicas that start together may create it at the same time. */
  async acquire(key: string, holder: string, leaseMillis: number): Promise<Claim | undefined> {
    try {
      return await this.#acquire(key, holder, leaseMillis)
    } catch (error) {
      if (serverCodeOf(error) !== undefinedTable) throw error
      await this.#create()
      return this.#acquire(key, holder, leaseMillis)
    }
  }

  /** Returns false where another holder has acquired the key since. */
  async renew({ key, holder, fencing }: Claim, leaseMillis: number): Promise<boolean> {
    const rows = await this.#run(
      `UPDATE ${this.#name} SET expires_at = ${expiry('$4')}
       WHERE key = $1 AND holder = $2 AND fencing = $3::bigint RETURNING key`,
      [key, holder, String(fencing), String(leaseMillis)],
    )
    return rows.length === 1
  }

  /** The row stays: the fencing number of a key must never start again. */
  async release({ key, holder, fencing }: Claim): Promise<void> {
    await this.#run(
      `UPDATE ${this.#name} SET expires_at = clock_timestamp() WHERE key = $1 AND holder = $2 AND fencing = $3::bigint`,
      [key, holder, String(fencing)],
    )
  }

  /**
   * Returns true where the claim still stands. The row is locked until the transaction of `run` ends, so that no other
   * caller acquires the key before its writes are committed.
   */
  async confirm(run: Run, { key, holder, fencing }: Claim): Promise<boolean> {
    const rows = await run(
      `SELECT key FROM ${this.#name} WHERE key = $1 AND holder = $2 AND fencing = $3::bigint FOR SHARE`,
      [key, holder, String(fencing)],
    )
    return rows.length === 1
  }

  async #acquire(key: string, holder: string, leaseMillis: number): Promise<Claim | undefined> {
    const [row] = await this.#run(
      `INSERT INTO ${this.#name} AS held (key, holder, fencing, expires_at) VALUES ($1, $2, 1, ${expiry('$3')})
       ON CONFLICT (key) DO UPDATE
         SET holder = EXCLUDED.holder, fencing = held.fencing + 1, expires_at = EXCLUDED.expires_at
         WHERE held.expires_at <= clock_timestamp()
       RETURNING fencing::text AS fencing`,
      [key, holder, String(leaseMillis)],
    )
    return row && { key, holder, fencing: BigInt(String(row['fencing'])) }
  }

  async #create(): Promise<void> {
    try {
      await this.#run(`CREATE TABLE IF NOT EXISTS ${this.#name} (
        key text PRIMARY KEY, holder text NOT NULL, fencing bigint NOT NULL, expires_at timestamptz NOT NULL)`)
    } catch (error) {
      // IF NOT EXISTS looks before it creates: of two that create at once, one fails.
      if (![uniqueViolation, duplicateTable].includes(serverCodeOf(error) ?? '')) throw error
    }
  }
}

/** A moment of the server's clock. */
function expiry(millis: string): string {
  return `clock_timestamp() + ${millis}::double precision * interval '1 millisecond'`
}

/** @throws InvalidOptionError for a name that is neither `table` nor `schema.table` */
export function checkTableName(given: unknown): string {
  const parts = typeof given === 'string' ? given.split('.') : []
  const isName = parts.length >= 1 && parts.length <= 2 && parts.every((part) => /^[A-Za-z_][\w$]{0,62}$/.test(part))
  if (isName) return parts.map((part) => `"${part}"`).join('.')
  throw new InvalidOptionError('withLease(): table', given, "a table's name, with or without its schema")
}
