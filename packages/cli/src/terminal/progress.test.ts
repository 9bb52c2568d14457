import { describe, expect, it } from 'vitest'
import { Progress } from './progress.ts'
import type { Terminal } from './terminal.ts'

/** A terminal that keeps what is written to standard error. */
function fakeTerminal(more: Partial<Terminal>): { readonly terminal: Terminal; readonly written: string[] } {
  const written: string[] = []
  const terminal: Terminal = {
    cwd: '/',
    env: {},
    out: () => {
      throw new Error('standard output belongs to the report')
    },
    err: (text) => void written.push(text),
    readInput: () => Promise.resolve(''),
    isInputInteractive: false,
    isInteractive: false,
    isErrorInteractive: true,
    columns: 100,
    ...more,
  }
  return { terminal, written }
}

/** Shows 1,000 steps of 10 ms. */
function work(more: Partial<Terminal>): string[] {
  const { terminal, written } = fakeTerminal(more)
  let time = 0
  const progress = new Progress(terminal, 'files', 1_000, () => time)
  for (let done = 1; done <= 1_000; done++) {
    time += 10
    progress.show(done)
  }
  progress.end()
  return written
}

describe('the progress', () => {
  it('is drawn ten times a second, after half a second, and goes at the end', () => {
    const written = work({})
    expect(written).toHaveLength(97)
    expect(written[0]).toBe(`\r\u001B[K██${'░'.repeat(28)} 50 of 1,000 files`)
    expect(written.at(-2)).toBe(`\r\u001B[K${'█'.repeat(30)} 1,000 of 1,000 files`)
    expect(written.at(-1)).toBe('\r\u001B[K')
  })

  it.each([
    ['a standard error that is no terminal', { isErrorInteractive: false }],
    ['CI', { env: { CI: 'true' } }],
    ['a terminal that cannot go back', { env: { TERM: 'dumb' } }],
  ])('is not drawn in %s', (_, more) => {
    expect(work(more)).toEqual([])
  })

  it('leaves short work alone', () => {
    const { terminal, written } = fakeTerminal({})
    const progress = new Progress(terminal, 'files', 2, () => 0)
    progress.show(1)
    progress.end()
    expect(written).toEqual([])
  })
})
