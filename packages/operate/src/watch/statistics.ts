/** The counts of a watch. Plain data. */
export interface WatchStatistics {
  /** Connections that are used now, as of the last look; undefined before the first. */
  readonly used: number | undefined
  /** Connections that clients can have: `max_connections` less the reserved, or `max_client_conn` of PgBouncer. */
  readonly slots: number | undefined
  /** True if the watch has a connection. */
  readonly isConnected: boolean
  /** Looks that were answered. */
  readonly looks: number
  /** Connections that were closed, by the pattern that they match. With a dry run all are 0. */
  readonly closed: Readonly<Record<string, number>>
  /** Rounds that found too many connections and could not bring them below the limit. */
  readonly stuck: number
  /** Rounds in which another watch acted. */
  readonly skipped: number
  /** How often the connection was lost, or could not be made. */
  readonly lost: number
}

/** The counts behind {@link WatchStatistics}. */
export class WatchCounts {
  used: number | undefined
  slots: number | undefined
  isConnected = false
  looks = 0
  stuck = 0
  skipped = 0
  lost = 0
  readonly closed: Map<string, number> = new Map<string, number>()

  /**
   * @param patterns each has a count from the start, because Prometheus does not see the first increase of a new series
   */
  constructor(patterns: readonly string[]) {
    for (const pattern of patterns) this.closed.set(pattern, 0)
  }

  read(): WatchStatistics {
    const { used, slots, isConnected, looks, stuck, skipped, lost, closed } = this
    return { used, slots, isConnected, looks, stuck, skipped, lost, closed: Object.fromEntries(closed) }
  }
}
