import { rules } from '@poolsafe/core'

// All that the rules know, so that a new rule is fuzzed at once.

/** Statements that the rules call unsafe or safe, in any circumstances. */
export const examples: readonly string[] = rules
  .flatMap(({ examples: { unsafe, safe } }) => [...unsafe, ...unsafe, ...safe])
  .map((example) => (typeof example === 'string' ? example : example.sql))

/** Functions, some of them qualified (`dbms_output.enable`). */
export const functions: readonly string[] = rules.flatMap((rule) => [
  ...Object.keys(rule.functions ?? {}),
  ...Object.keys(rule.extensionFunctions ?? {}),
])

/** Names of other things, or their beginnings. */
export const names: readonly string[] = rules.flatMap((rule) => rule.names ?? [])

export const keywords: readonly string[] = rules.flatMap(({ keywords: own = [], commonKeywords = [] }) =>
  own.concat(commonKeywords),
)

/** Relations, functions and types that PostgreSQL looks up by such a name. */
export const relations: readonly string[] = [
  ...names,
  ...names.map((name) => `${name}.t`),
  // Whole words of the examples that start with a name: `hypopg_list_indexes` for `hypopg_`.
  ...new Set(examples.flatMap((sql) => names.flatMap((name) => sql.match(new RegExp(`\\b${name}\\w*`, 'g')) ?? []))),
]

/** Anything that the scan knows, longest first. */
export const known: RegExp = new RegExp(
  [...new Set([...functions.flatMap((name) => name.split('.')), ...names, ...keywords])]
    .toSorted((a, b) => b.length - a.length)
    .join('|'),
  'gi',
)
