import { rules } from '@poolsafe/core'
import { generate } from '../generate.ts'
import { Random } from '../random.ts'
import { inOtherCase } from '../respell.ts'

/** Statements of the rules that repair something. */
const repairable = rules
  .filter(({ repair }) => repair !== undefined)
  .flatMap(({ examples, repair }) => examples.unsafe.concat(repair?.examples ?? []))
  .map((example) => (typeof example === 'string' ? example : example.sql))

/** The text between two tokens: blanks, and comments with words that would be dangerous outside of them. */
const gaps = [' ', '\n', '\t  ', ' /* é😀 */ ', ' /* SET a = 1; */ ', ' -- INTO TEMP t\n', '/**/ ']

/** The text before or after a statement. */
const others = [
  'SELECT 1',
  "SELECT 'é😀', $$SET x = 1$$",
  'SAVEPOINT s',
  'RELEASE s',
  'BEGIN',
  'COMMIT AND CHAIN',
  'RESET ALL',
  '',
]

/** A text of this number: a half of them has statements that can be repaired, in other spellings. */
export function repairableText(seed: number, index: number): string {
  const random = new Random(seed, index)
  if (random.chance(0.5)) return generate(seed, index)
  const statements = Array.from({ length: 1 + random.below(3) }, () =>
    random.chance(0.7) ? respelt(random.pick(repairable), random) : random.pick(others),
  )
  return statements.join(random.pick([';', '; ', ' ;\n-- é\n']))
}

/** Blanks between words become other blanks, and keywords another case. Literals may change: so does their meaning. */
function respelt(sql: string, random: Random): string {
  const spelt = sql.replaceAll(' ', (gap) => (random.chance(0.3) ? random.pick(gaps) : gap))
  if (random.chance(0.5)) return spelt
  return spelt.replaceAll(/\b(?:set|session|local|temp|temporary|into|table|on|commit|as|false|select)\b/gi, (word) =>
    inOtherCase(word, random),
  )
}
