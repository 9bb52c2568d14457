import { poolerNames, UsageError } from '@poolsafe/config'
import { closest } from '@poolsafe/core/internal'
import { rules } from '@poolsafe/core'
import type { Command } from 'commander'
import { formats } from '../check/report/all.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { describe } from './described.ts'
import { scripts } from './scripts.ts'

/** @throws UsageError for a shell that is not known */
export function runCompletion(shell: string, program: Command, { out }: Terminal): ExitCode {
  if (!isKnown(shell)) {
    const meant = closest(shell, Object.keys(scripts))
    const hint = meant === undefined ? '.' : `; did you mean '${meant}'?`
    throw new UsageError(`completion: there is no shell '${shell}'${hint} Shells: ${Object.keys(scripts).join(', ')}`)
  }
  const values = { 'check --format': formats, '--rule': rules.map(({ id }) => id), '--pooler': poolerNames }
  out(scripts[shell](describe(program, values)))
  return exitCodes.clean
}

function isKnown(shell: string): shell is keyof typeof scripts {
  return Object.hasOwn(scripts, shell)
}
