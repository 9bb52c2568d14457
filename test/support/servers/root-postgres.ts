import { findFreePort } from '../../../packages/testing/src/servers/free-port.ts'
import type { Backend } from './backend.ts'
import { launch, type RootProcess } from './pooler-root.ts'

const binaries = '/usr/lib/postgresql/18/bin'

/** PostgreSQL 18 with the extensions of Debian's packages, on a free port. Everybody on this machine may log in. */
export async function startRootPostgres(
  root: string,
  settings: Readonly<Record<string, string>>,
): Promise<Backend & RootProcess> {
  const port = await findFreePort()
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '32MB',
    ...settings,
  }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const process = await launch(root, {
    name: 'PostgreSQL',
    before: (folder) => [
      [
        `${binaries}/initdb`,
        '-D',
        `${folder}/data`,
        '-U',
        'postgres',
        '--auth=trust',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
    ],
    command: (folder) => [`${binaries}/postgres`, '-D', `${folder}/data`, '-p', String(port), ...flags],
    // The address to which dblink connects if the connection string has none.
    environment: { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres' },
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    signal: 'SIGINT',
  })
  return { port, user: 'postgres', password: 'postgres', database: 'postgres', stop: () => process.stop() }
}
