/** A queue with Poisson arrivals, exponential service times and several servers (M/M/c). */
export interface ErlangQueue {
  /** Arrivals a second. */
  readonly arrivalsPerSecond: number
  /** The mean time that one arrival keeps a server, in milliseconds. */
  readonly meanMillis: number
  /** Connections. */
  readonly servers: number
}

/** The results of the M/M/c formula for a queue. All durations are in milliseconds. */
export interface ErlangAnswer {
  /** Busy servers divided by servers, from 0 to 1. At 1 the queue grows without bound. */
  readonly utilisation: number
  /** The share of arrivals that wait. */
  readonly waitProbability: number
  readonly meanWaitMillis: number
  readonly p50WaitMillis: number
  readonly p99WaitMillis: number
}

/**
 * Solves an M/M/c queue exactly, by Erlang’s C formula. If the load reaches the number of servers, all waits are
 * `Infinity`.
 *
 * Source: L. Kleinrock, Queueing Systems, Volume 1, chapter 3.5.
 */
export function solveErlang({ arrivalsPerSecond, meanMillis, servers }: ErlangQueue): ErlangAnswer {
  const load = (arrivalsPerSecond * meanMillis) / 1000
  const utilisation = load / servers
  if (utilisation >= 1) return saturated
  const waitProbability = erlangC(load, servers)
  const millisToDrain = meanMillis / (servers - load)
  const quantile = (share: number): number =>
    waitProbability <= 1 - share ? 0 : millisToDrain * Math.log(waitProbability / (1 - share))
  return {
    utilisation,
    waitProbability,
    meanWaitMillis: waitProbability * millisToDrain,
    p50WaitMillis: quantile(0.5),
    p99WaitMillis: quantile(0.99),
  }
}

const saturated: ErlangAnswer = {
  utilisation: 1,
  waitProbability: 1,
  meanWaitMillis: Infinity,
  p50WaitMillis: Infinity,
  p99WaitMillis: Infinity,
}

/** Erlang’s B by its recurrence, which cannot overflow, then C from B. */
function erlangC(load: number, servers: number): number {
  let blocked = 1
  for (let count = 1; count <= servers; count++) blocked = (load * blocked) / (count + load * blocked)
  const utilisation = load / servers
  return blocked / (1 - utilisation * (1 - blocked))
}
