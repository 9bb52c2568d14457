import { parseArguments, usage } from './arguments.ts'
import { isShown, play, type Outcome } from './play.ts'
import { startPrometheus } from './prometheus.ts'
import { tableOf } from './report.ts'
import { findService, startService } from './service.ts'

// `process.exit` ends everything that was started here.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`The load failed: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const wanted = parseArguments(args)
  if (typeof wanted === 'string') {
    process.stderr.write(`${wanted}\n\n${usage}`)
    return 2
  }
  if (wanted.help) {
    process.stdout.write(usage)
    return 0
  }
  const service = await (wanted.start ? startService() : findService(wanted.url, wanted.admin))
  const prometheus = await startPrometheus(service.admin)
  say(`The service at http://${service.address}, watched by Prometheus ${prometheus.version}.`)
  const outcome = await play(service, prometheus, (name) => say(`… ${name}`))
  report(outcome)
  if (wanted.screens !== undefined) {
    const { writeScreens } = await import('./screens/write.ts')
    for (const path of await writeScreens(wanted.screens, outcome, prometheus)) say(path)
  }
  await prometheus.stop()
  await service.stop()
  return isShown(outcome) ? 0 : 1
}

function report({ evidence, problems, worst, isHealthy }: Outcome): void {
  say(tableOf(evidence))
  say(
    problems.size === 0
      ? '/health was healthy all the time.'
      : `/health was not healthy meanwhile (${[...problems].join(', ')}):`,
  )
  for (const reason of worst?.reasons ?? []) say(`  ${reason}`)
  say(`/health is ${isHealthy ? 'healthy again.' : 'still not healthy.'}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
