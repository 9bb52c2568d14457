import { registerHooks } from 'node:module'

// Starts PostgreSQL as if the packages that are named on the command line were not installed, and prints what it says.

const absent = new Set(process.argv.slice(2))

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!absent.has(specifier)) return nextResolve(specifier, context)
    throw Object.assign(new Error(`Cannot find package '${specifier}'`), { code: 'ERR_MODULE_NOT_FOUND' })
  },
})

const { startPostgres } = await import('@poolsafe/testing/servers')

try {
  await (await startPostgres()).stop()
  console.log('it started')
} catch (error) {
  console.log(String(error))
}
