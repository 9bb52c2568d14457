import * as all from './all.ts'
import type { DetectedPooler } from './detect.ts'
import type { Clue, Parts } from './pooler.ts'

const strongestFirst: readonly Clue['by'][] = ['service', 'parameter', 'host', 'port']

/** The clues of all poolers; the first that matches decides. */
const clues = Object.values(all)
  .flatMap((pooler) => pooler.clues)
  .toSorted((a, b) => strongestFirst.indexOf(a.by) - strongestFirst.indexOf(b.by))

/** What a URL tells by itself. */
export function detectFromUrl(url: string): DetectedPooler | undefined {
  const parts = partsOf(url)
  const clue = parts && clues.find(({ matches }) => matches(parts))
  return clue && { profile: clue.profile(), certainty: clue.certainty, because: clue.because }
}

/** Drivers take host and port from parameters as well (`?host=/run/postgresql`). */
function partsOf(url: string): Parts | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, searchParams } = new URL(url)
  return {
    protocol,
    host: (searchParams.get('host') ?? hostname).toLowerCase(),
    port: searchParams.get('port') ?? (port === '' ? '5432' : port),
    parameter: (name) => searchParams.get(name),
  }
}
