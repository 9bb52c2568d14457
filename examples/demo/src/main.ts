import { parseArguments, usage } from './arguments.ts'
import type { PoolerName } from './poolers.ts'
import { generatePrismaClient } from './prisma-client.ts'
import { createJsonReport, createTextReport, type Played, type Report } from './report.ts'
import type { Scene } from './scene.ts'
import { startServers, type Servers } from './servers.ts'

// `process.exit` ends the servers at once.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : String(error)}\n`)
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
  const write = (text: string): void => void process.stdout.write(text)
  const isPlain = !process.stdout.isTTY || Boolean(process.env.NO_COLOR)
  return play(wanted.json ? createJsonReport(write) : createTextReport(write, isPlain), wanted.pooler, wanted.scene)
}

async function play(report: Report, pooler: PoolerName, wanted: string | undefined): Promise<number> {
  const startedAt = Date.now()
  const [all, servers] = await Promise.all([loadScenes(), startServers(pooler)])
  const scenes = all.filter(({ name }) => wanted === undefined || name === wanted)
  report.opened(servers)
  const played = await playAll(scenes, servers, report)
  await servers.stop()
  report.closed(played, Math.round((Date.now() - startedAt) / 100) / 10)
  return played.every(({ result }) => result.held) ? 0 : 1
}

/** The order of the play. The Prisma client that a scene imports is generated first, where it is missing. */
async function loadScenes(): Promise<Scene[]> {
  await generatePrismaClient()
  const { tenantsScene } = await import('./scenes/tenants.ts')
  const { migrationsScene } = await import('./scenes/migrations.ts')
  const { prismaScene } = await import('./scenes/prisma.ts')
  const { listenScene } = await import('./scenes/listen.ts')
  const { poolScene } = await import('./scenes/pool.ts')
  const { legacyScene } = await import('./scenes/legacy.ts')
  return [tenantsScene, migrationsScene, prismaScene, listenScene, poolScene, legacyScene]
}

async function playAll(scenes: readonly Scene[], servers: Servers, report: Report): Promise<Played[]> {
  const all: Played[] = []
  for (const scene of scenes) {
    report.announced(scene)
    const played = { scene, result: await scene.play(servers) }
    report.played(played)
    all.push(played)
  }
  return all
}
