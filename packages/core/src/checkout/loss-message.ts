import { type LossFacts, explainLoss, isLastWord } from './loss.ts'
import { place, row, seconds, withoutCredentials } from './no-connection-message.ts'

/** Returns the report of a lost connection. Its first line makes sense alone in a log. */
export function describeLoss(facts: LossFacts, cause: Error | undefined): string {
  const { why, instead } = explainLoss(facts.reason)
  const of = facts.pool === undefined ? '' : ` of pool ${facts.pool}`
  const rows: [string, string][] = [
    ['when', facts.lostAt],
    ['held', describeHeld(facts)],
    ['why', why],
    ['instead', instead],
    ['docs', 'node_modules/@poolsafe/core/docs/checkout.md'],
  ]
  return [
    `a connection${of} was lost: ${wordsOf(facts, cause)}`,
    ...rows.map(([label, text]) => row(label, text)),
  ].join('\n')
}

/** Returns the server's own message. The message of an ordinary error may quote a value, so it is left out. */
function wordsOf({ reason }: LossFacts, cause: Error | undefined): string {
  if (cause === undefined) return `it was closed (${reason})`
  const { code, message } = cause as Error & { readonly code?: unknown }
  const isOfSocket = typeof code === 'string' && code.startsWith('E')
  const words =
    isOfSocket || code === undefined || isLastWord(cause) ? `${withoutCredentials(message.split('\n')[0] ?? '')} ` : ''
  return `${words}(${[code, reason].filter((part) => typeof part === 'string').join(', ')})`
}

function describeHeld({ heldMillis, ...who }: LossFacts): string {
  if (heldMillis === undefined) return 'by no call: it was idle in the pool'
  return `${seconds(heldMillis)} by ${place(who) ?? 'a call whose call site was not remembered (the next one of its kind will be)'}`
}
