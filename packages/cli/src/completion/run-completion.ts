import { poolerNames, unknownName } from '@poolsafe/config'
import { rules } from '@poolsafe/core'
import type { Command } from 'commander'
import { formats } from '../check/report/all.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { describe } from './described.ts'
import { scripts } from './scripts.ts'

/** @throws UsageError for a shell that is not known */
export function runCompletion(shell: string, program: Command, { out }: Terminal): ExitCode {
  if (!isKnown(shell)) throw unknownName('completion', 'shell', shell, Object.keys(scripts))
  const values = { 'check --format': formats, '--rule': rules.map(({ id }) => id), '--pooler': poolerNames }
  out(scripts[shell](describe(program, values)))
  return exitCodes.clean
}

function isKnown(shell: string): shell is keyof typeof scripts {
  return Object.hasOwn(scripts, shell)
}
