import { run } from './run.ts'

/** A user of the operating system. */
export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/** Returns true if this process is root; neither PostgreSQL nor PgBouncer runs as root. */
export const isRoot: boolean = process.getuid?.() === 0

/** Returns the user that a server must run as; `undefined` unless this process is root. */
export async function findServerUser(): Promise<SystemUser | undefined> {
  if (!isRoot) return undefined
  return (await findUser('postgres')) ?? (await findUser('nobody'))
}

async function findUser(name: string): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = [await run('id', '-u', name), await run('id', '-g', name)]
    return { uid: Number(uid), gid: Number(gid) }
  } catch {
    return undefined
  }
}
