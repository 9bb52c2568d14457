import { run } from './run.ts'

/** A user of the operating system. */
export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/** Whether this process is root, as which neither PostgreSQL nor PgBouncer agrees to run. */
export const isRoot: boolean = process.getuid?.() === 0

/** The user that a server has to run as: nobody in particular, unless this process is root. */
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
