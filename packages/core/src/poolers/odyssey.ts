import { checkBoolean, checkObject, checkWholeNumber } from '../options.ts'
import { cells, each, measured, proved, removedByDiscardAll, reportedSettings, type Cell } from './cells.ts'
import { pooler, type Pooler } from './pooler.ts'

/** Odyssey's own settings, as far as they decide what it carries in transaction mode. */
export interface OdysseyOptions {
  /** `pool_discard` of odyssey.conf. @default true */
  readonly discard?: boolean
  /**
   * `smart_search_path_enquoting` of odyssey.conf. Without it, Odyssey restores a `search_path` of several schemas as
   * the name of one.
   * @default false
   */
  readonly smartSearchPathEnquoting?: boolean
  /** Major version of the PostgreSQL server: Odyssey tracks only what the server reports. @default 13 */
  readonly serverVersion?: number
}

const unseen: Cell = ['leaks', 'not in the statements of reset.c; not measured']
const leaks: Cell = ['leaks', 'measured on 1.5.2 with pool_discard no']
const seen: Cell = ['leaks', 'seen on 1.5.2, with pool_discard and without (proofs.md)']
const wiped: Cell = ['wiped', 'measured on 1.5.2; reset.c (smart discard)']
const honoured: Cell = ['tracked', 'measured on 1.5.2: restored like what it tracks (kiwi/var.h)']
const survives: Cell = ['leaks', 'measured on 1.5.2: smart discard leaves it']

/** The settings of every client: pg, and with it Kysely and Prisma, sends them with each login. */
const sentAtLogin: readonly string[] = ['client_encoding']

/**
 * Odyssey 1.5 in transaction mode.
 *
 * @throws InvalidOptionError for an option or a value that does not exist
 */
export const odyssey: Pooler<OdysseyOptions> = pooler<OdysseyOptions>(
  (options: OdysseyOptions = {}) => {
    checkObject('poolers.odyssey()', options, ['discard', 'smartSearchPathEnquoting', 'serverVersion'])
    const { discard = true, smartSearchPathEnquoting = false, serverVersion = 13 } = options
    const discards = checkBoolean('poolers.odyssey(): discard', discard)
    const enquotes = checkBoolean('poolers.odyssey(): smartSearchPathEnquoting', smartSearchPathEnquoting)
    const server = checkWholeNumber('poolers.odyssey(): serverVersion', serverVersion, 9)
    return {
      name: 'odyssey',
      label: `Odyssey 1.5, transaction mode${discards ? '' : ' with pool_discard no'}`,
      ...cells(unseen, {
        ...each(measured, discards ? survives : leaks),
        ...each(proved, seen),
        ...(discards && each(removedByDiscardAll, wiped)),
        'sql-prepared-statement': discards ? survives : leaks,
        'named-statement': ['tracked', 'measured on 1.5.2 (pool_reserve_prepared_statement)'],
        'backend-pid': ['leaks', 'measured on 1.5.2: the login sends a made-up number'],
        'startup-parameter': discards ? honoured : leaks,
      }),
      trackedSettings: new Set(discards ? tracked(server, enquotes) : sentAtLogin),
      claims: { pooler: 'Odyssey', mode: 'transaction' },
      startup: { options: 'tracked', replication: 'kept', '*.*': 'ignored' },
      notes: [
        'Odyssey restores a search_path of several schemas as the name of one schema, unless smart_search_path_enquoting is on (measured on 1.5.2)',
        'Odyssey answers a DEALLOCATE that stands alone and does not send it, so the statement stays on the server connection (measured on 1.5.2)',
        'With pool_pin_on_listen, which is experimental and off by default, a client keeps its server connection from LISTEN on (docs)',
        'A setting with a dot in its name is dropped from the startup parameter options (measured on 1.5.2)',
        'With pool_discard no, a tracked setting stays for all clients that have not set it themselves. So this profile counts only client_encoding as tracked, because drivers send it at login (measured on 1.5.2)',
      ],
    }
  },
  { forms: [{ serverVersion: 18 }, { discard: false, serverVersion: 18 }] },
)

function tracked(serverVersion: number, enquotes: boolean): string[] {
  const names = [...reportedSettings]
  if (serverVersion >= 14) names.push('default_transaction_read_only')
  if (serverVersion >= 18 && enquotes) names.push('search_path')
  return names
}
