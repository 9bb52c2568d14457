import { execFileSync } from 'node:child_process'
import type pg from 'pg'

/** A process with all that it has started, itself first. */
function familyOf(pid: number): number[] {
  const rows = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  const family = [pid]
  const links = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number])
  for (const parent of family) family.push(...links.flatMap(([child, of]) => (of === parent ? [child] : [])))
  return family
}

/** The process that all of a server's are children of. */
export async function postmasterOf(admin: pg.Client): Promise<number> {
  const { rows } = await admin.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(rows[0]?.pid)], { encoding: 'utf8' }))
}

/** Stops processes where they are, as a hypervisor does. @returns what lets them go on */
export function freeze(...pids: readonly number[]): () => void {
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  return () => {
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  }
}

/** The same for a process and all its children. Those that it starts cannot be missed: it is stopped first. */
export function freezeFamily(pid: number): () => void {
  const thaw = freeze(pid)
  const thawRest = freeze(...familyOf(pid).slice(1))
  return () => {
    thawRest()
    thaw()
  }
}
