import { InvalidOptionError, type RepeatedQueryEvent } from '@poolsafe/core'
import { checkObject, examineRepeated } from '@poolsafe/core/internal'
import { checkFunction, type Verdict } from './verdict.ts'

/** When a statement counts as repeated. */
export interface RepetitionOptions {
  /** How often one call site may send the same statement. @default 2 */
  readonly limit?: number
}

/** See {@link PoolsafeMatchers.toRepeatNoQuery}. */
export async function toRepeatNoQuery(given: () => unknown, options: RepetitionOptions = {}): Promise<Verdict> {
  const act = checkFunction('toRepeatNoQuery()', given)
  checkObject('toRepeatNoQuery()', options, ['limit'])
  const { limit = 2 } = options
  if (!Number.isInteger(limit) || limit < 1)
    throw new InvalidOptionError('toRepeatNoQuery(): limit', limit, 'a number of times, 1 or more')
  const repeated = await examineRepeated(limit, act)
  return { pass: repeated.length === 0, message: () => describe(repeated, limit) }
}

function describe(repeated: readonly RepeatedQueryEvent[], limit: number): string {
  const times = `more than ${limit} time${limit === 1 ? '' : 's'} from one call site`
  if (repeated.length === 0) return `expected a statement to be sent ${times}, and none was`
  return [`expected no statement to be sent ${times}`, ...repeated.map(row)].join('\n')
}

function row({ count, statement, operation, place, instead }: RepeatedQueryEvent): string {
  const by = [operation, place].filter((part) => part !== undefined).join(' at ')
  return [`  ${count}×  ${statement}`, ...(by === '' ? [] : [`      by ${by}`]), `      instead ${instead}`].join('\n')
}
