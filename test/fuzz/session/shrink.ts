import { sqlOf, type MadeTransaction, type SentText } from './transaction.ts'

/** Shortens a transaction as long as it still fails: leaves out statements, and splits texts. */
export async function shrunk(
  transaction: MadeTransaction,
  stillFails: (shorter: MadeTransaction) => Promise<boolean>,
): Promise<MadeTransaction> {
  let shortest = transaction
  for (let next: MadeTransaction | undefined = shortest; next !== undefined;) {
    shortest = next
    next = undefined
    for (const texts of shorter(shortest.texts)) {
      const candidate = { ...shortest, texts }
      if (!(await stillFails(candidate))) continue
      next = candidate
      break
    }
  }
  return shortest
}

function* shorter(texts: readonly SentText[]): Generator<readonly SentText[]> {
  for (const [at, text] of texts.entries()) {
    for (const part of text.keys()) {
      const rest = text.toSpliced(part, 1)
      yield texts.toSpliced(at, 1, ...(rest.length === 0 ? [] : [rest]))
    }
    if (text.length > 1) yield texts.toSpliced(at, 1, ...text.map((each) => [each]))
  }
}

/** Describes a transaction: one line for each text. */
export function described({ form, texts, commits }: MadeTransaction): string {
  const lines = texts.map((text) => `  ${sqlOf(text)}${remarkOn(text)}`)
  return [`${form}, ended by ${commits ? 'COMMIT' : 'ROLLBACK'} where the form ends it:`, ...lines].join('\n')
}

function remarkOn([first]: SentText): string {
  if (first?.isNeverSent === true) return '   (never sent)'
  if (first?.way !== undefined) return `   (${first.way})`
  return first?.values === undefined ? '' : `   ${JSON.stringify(first.values)}`
}
