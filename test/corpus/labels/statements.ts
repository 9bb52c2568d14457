import { rules } from '@poolsafe/core'
import { safe } from '../safe.ts'
import { alone, type Statement } from '../statement.ts'
import { unsafe } from '../unsafe.ts'
import { made } from './made.ts'

/** All that is labelled: the corpus, the examples of the rules, and what is made for it. */
export function statements(): Statement[] {
  const examples = rules.flatMap(({ examples: { unsafe: first, safe: second } }) => first.concat(second))
  const all = [
    ...made,
    ...alone(...examples.flatMap((example) => (typeof example === 'string' ? [example] : []))),
    ...Object.values({ ...safe, unsafe: Object.values(unsafe).flat() }).flat(),
  ]
  const bySql = new Map(all.map((statement) => [`${String(statement.inTransaction)} ${statement.sql}`, statement]))
  // A transaction that is open already is nothing that the server could show. A parameter has no value here, and COPY
  // FROM STDIN no data.
  return [...bySql.values()].filter(({ sql, inTransaction }) => inTransaction !== true && !/\$\d|\bstdin\b/i.test(sql))
}
