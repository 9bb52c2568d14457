import Table from 'cli-table3'
import { createColors } from 'picocolors'
import type { Scene, SceneResult } from './scene.ts'
import type { Servers } from './servers.ts'

/** A scene that has been played. */
export interface Played {
  readonly scene: Scene
  readonly result: SceneResult
}

/** The narrator of the demo. */
export interface Report {
  opened(servers: Servers): void
  announced(scene: Scene): void
  played(played: Played): void
  closed(all: readonly Played[], seconds: number): void
}

type Write = (text: string) => void

const colWidths = [14, 36, 28, 36]

/** For people. Without `isPlain`, in colour and with drawn lines. */
export function createTextReport(write: Write, isPlain: boolean): Report {
  const paint = createColors(!isPlain)
  const line = (text = ''): void => write(`${text}\n`)
  let scenes = 0
  let isFirstError = true

  function showRefusals({ result }: Played): void {
    for (const { message, instead } of result.refusals) {
      const [headline = '', ...manual] = message.split('\n')
      line(`    ${paint.yellow(headline)}`)
      // One error in full shows what they all look like.
      for (const row of isFirstError ? manual : [`  instead    ${instead}`]) line(paint.dim(`    ${row}`))
      isFirstError = false
    }
  }

  return {
    opened: ({ postgresVersion, pooler }) => {
      line(`${paint.bold('poolsafe')}: PostgreSQL ${postgresVersion} behind ${pooler}.`)
      line('Every figure is counted in this run, on these two servers.')
    },
    announced: ({ title, story }) => {
      line()
      line(paint.bold(`${++scenes}. ${title}`))
      for (const sentence of story) line(`  ${sentence}`)
    },
    played: (played) => {
      const { harm, guarded, safe, held } = played.result
      line(`  without poolsafe  ${paint.red(harm)}`)
      line(`  with poolsafe     ${paint.yellow(guarded)}`)
      showRefusals(played)
      line(`  safe form         ${paint.green(safe)}`)
      if (!held) line(`  ${paint.red('This scene failed: one of its figures is wrong.')}`)
    },
    closed: (all, seconds) => {
      line()
      line(tableOf(all, isPlain))
      const failed = all.filter(({ result }) => !result.held).map(({ scene }) => scene.name)
      line(
        failed.length === 0
          ? `${all.length === 1 ? 'The scene' : `All ${all.length} scenes`} held, in ${seconds} s.`
          : `Did not hold: ${failed.join(', ')} (${seconds} s).`,
      )
    },
  }
}

function tableOf(all: readonly Played[], isPlain: boolean): string {
  const table = new Table({
    head: ['scene', 'without poolsafe', 'with poolsafe', 'safe form'],
    colWidths,
    wordWrap: true,
    style: { head: isPlain ? [] : ['bold'], border: [], compact: isPlain },
    ...(isPlain && { chars: plainLines }),
  })
  for (const { scene, result } of all) table.push([scene.name, result.harm, result.guarded, result.safe])
  return table.toString()
}

const corners = [
  'top-mid',
  'top-left',
  'top-right',
  'bottom-mid',
  'bottom-left',
  'bottom-right',
  'left-mid',
  'mid-mid',
  'right-mid',
]
const plainLines: Readonly<Record<string, string>> = {
  ...Object.fromEntries(corners.map((corner) => [corner, '+'])),
  ...Object.fromEntries(['top', 'bottom', 'mid'].map((side) => [side, '-'])),
  ...Object.fromEntries(['left', 'right', 'middle'].map((side) => [side, '|'])),
}

/** For machines: only one JSON document, at the end. */
export function createJsonReport(write: Write): Report {
  let versions = {}
  return {
    opened: ({ postgresVersion, pooler }) => {
      versions = { postgres: postgresVersion, pooler }
    },
    announced: () => undefined,
    played: () => undefined,
    closed: (all, seconds) => {
      const scenes = all.map(({ scene: { name, title }, result }) => ({ name, title, ...result }))
      const held = all.every(({ result }) => result.held)
      write(`${JSON.stringify({ held, seconds, ...versions, scenes }, undefined, 2)}\n`)
    },
  }
}
