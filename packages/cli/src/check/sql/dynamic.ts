import { mayTouchSessions } from '../prefilter.ts'
import { partsOf } from './lexer.ts'

const block = /^\s*do\b|[;\n]\s*do\s+(?:language\s+\w+\s+)?\$/i

/**
 * Returns true if what a text builds at run time may touch the session: a literal in its DO block has such a word. Every
 * dynamic DO block has the word EXECUTE, which says nothing.
 */
export function mayBuildSessionState(sql: string): boolean {
  if (!block.test(sql)) return true
  const bodies = partsOf(sql).filter(({ place }) => place === 'dollar' || place === 'string')
  return bodies.some(({ from, to }) => {
    const body = sql.slice(from, to).replaceAll(/^\$\w*\$|\$\w*\$$|^'|'$/g, '')
    return partsOf(body).some((part) => part.place === 'string' && mayTouchSessions(body.slice(part.from, part.to)))
  })
}
