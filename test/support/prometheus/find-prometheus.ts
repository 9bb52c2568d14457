import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** The paths of the programs of Prometheus. */
export interface PrometheusPrograms {
  readonly prometheus: string
  readonly promtool: string
}

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'poolsafe')
const folder = join(cache, 'prometheus')

/**
 * Unpacks Debian's package without installing it: that would start a server on all addresses of the machine. Whoever
 * else unpacks it at this moment is waited for. Only root may bring the list of packages up to date, where it is too
 * old.
 */
const script = `
mkdir -p "$1" && cd "$1" && exec 9>prometheus.lock && flock 9
test -x prometheus/usr/bin/promtool && exit
rm -rf unpacking && mkdir unpacking && cd unpacking
apt-get download prometheus || { apt-get update && apt-get download prometheus; }
dpkg-deb --extract prometheus_*.deb package && rm -rf ../prometheus && mv package ../prometheus && cd .. && rm -rf unpacking`

/**
 * Prometheus from the PATH, else from the cache of an earlier run, else from Debian's package.
 *
 * @throws Error that says what to install
 */
export async function findPrometheus(): Promise<PrometheusPrograms> {
  const known = await findAll()
  if (known !== undefined) return known
  const { message: reason } = await execute('sh', ['-e', '-c', script, 'sh', cache]).then(
    () => new Error('the package holds no promtool'),
    (error: Error) => error,
  )
  const unpacked = await findAll()
  if (unpacked !== undefined) return unpacked
  throw new Error(
    `There are no \`prometheus\` and \`promtool\` on the PATH; install Prometheus 2.42 or later. apt-get was no way: ${reason}`,
  )
}

async function findAll(): Promise<PrometheusPrograms | undefined> {
  const [prometheus, promtool] = await Promise.all([find('prometheus'), find('promtool')])
  return prometheus === undefined || promtool === undefined ? undefined : { prometheus, promtool }
}

async function find(name: string): Promise<string | undefined> {
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(folder, 'usr/bin')]
  for (const path of folders.filter((each) => each !== '').map((each) => join(each, name))) {
    const isProgram = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isProgram) return path
  }
  return undefined
}
