import type { Random } from './random.ts'
import { lookalikes, oddities, whiteSpace } from './unicode.ts'

type Respelling = (name: string, random: Random) => string

const asIs: Respelling = (name) => name

/** The same name to PostgreSQL. */
const same: readonly Respelling[] = [
  inOtherCase,
  (name) => `"${name}"`,
  (name, random) => `pg_catalog${blank(random)}.${blank(random)}${name}`,
  (name, random) => `${random.pick(['U', 'u'])}&"${escaped(name, '\\', random)}"`,
  (name, random) => `U&"${escaped(name, '!', random)}"${blank(random)}uescape${blank(random)}'!'`,
  (name, random) => name + blank(random),
]

/** Another name to PostgreSQL, or none, that a careless reader may take for the same, and the other way round. */
const similar: readonly Respelling[] = [
  (name, random) => replacedAt(name, random, (char) => random.pick(lookalikes.get(char.toLowerCase()) ?? [char])),
  (name, random) => replacedAt(name, random, (char) => char + random.pick(oddities)),
  (name, random) =>
    replacedAt(
      name,
      random,
      (char) => char + random.pick(['""', '"', '/**/', '\\', '$', ' ', '_', "'", "' '", '\n', '.', '"."']),
    ),
  (name, random) => replacedAt(name, random, () => ''),
  (name, random) => replacedAt(`"${name}"`, random, (char) => char + char),
  (name, random) => `U& "${escaped(name, '\\', random)}"`,
  (name, random) => `U&'${escaped(name, '\\', random)}'`,
  (name, random) => `"${escaped(name, '\\', random)}"`,
  (name, random) => `E'${escaped(name, '\\', random)}'`,
  (name) => `'${name}'`,
  (name) => `$$${name}$$`,
  (name) => name.replaceAll('_', ''),
  (name) => `x${name}`,
]

/** A name in another spelling. @param faithful whether PostgreSQL must take it for the same name */
export function respelled(name: string, faithful: boolean, random: Random): string {
  const spelling = random.chance(0.3) ? asIs : random.pick(faithful ? same : similar)
  return spelling(name, random)
}

/** Keywords and bare names are the same in any case. */
export function inOtherCase(name: string, random: Random): string {
  if (random.chance(0.3)) return name.toUpperCase()
  return Array.from(name, (char) => (random.chance(0.5) ? char.toUpperCase() : char)).join('')
}

/** White space and comments. */
export function blank(random: Random): string {
  return random.chance(0.5) ? random.pick(whiteSpace) : random.pick(blanks)
}

const blanks = [
  '',
  '/**/',
  '/* ; */',
  '/*/* */*/',
  '--\n',
  '-- select\r',
  "/*'*/",
  '/*"*/',
  '--"\n',
  '/*$$*/',
  '/***/',
  '/*-- */',
  '/* select */',
  ' /*/**/*/ ',
]

/** Each character as it is or by its number. */
function escaped(name: string, sign: string, random: Random): string {
  return Array.from(name, (char) => (random.chance(0.6) ? char : sign + numbered(char, random))).join('')
}

function numbered(char: string, random: Random): string {
  const hex = char.charCodeAt(0).toString(16)
  return random.chance(0.7) ? hex.padStart(4, '0') : `+${hex.padStart(6, '0')}`
}

function replacedAt(name: string, random: Random, replace: (char: string) => string): string {
  const at = random.below(name.length)
  return name.slice(0, at) + replace(name[at] ?? '') + name.slice(at + 1)
}
