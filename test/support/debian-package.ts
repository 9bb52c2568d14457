import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Installs a package of Debian if a command fails without it. Tests run as root in CI; elsewhere it has to be there.
 *
 * @param probe a command that succeeds if the package is there
 * @throws Error that names the package
 */
export async function needPackage(name: string, probe: readonly [file: string, ...args: string[]]): Promise<void> {
  const [file, ...args] = probe
  const isThere = (): Promise<boolean> =>
    run(file, args).then(
      () => true,
      () => false,
    )
  if (await isThere()) return
  const install = `apt-get install --yes --no-install-recommends ${name}`
  await run('sh', ['-c', `${install} || { apt-get update && ${install}; }`]).catch((cause: unknown) => {
    throw new Error(`this test needs ${name}: install it (${install})`, { cause })
  })
  if (!(await isThere())) throw new Error(`${name} is installed, and \`${probe.join(' ')}\` fails`)
}
