import type { Shape } from '../shape/shape.ts'
import {
  closeOf,
  equalitiesIn,
  indexOfWord,
  keyOf,
  namesInParentheses,
  tokensOf,
  unquoted,
  written,
  type Equality,
  type Tokens,
} from './statement-parts.ts'

/** Words that make a row of the answer depend on all rows of its value. Each value then needs its own SELECT. */
const ofWholeAnswer = [
  'group',
  'having',
  'distinct',
  'union',
  'intersect',
  'except',
  'window',
  'limit',
  'offset',
  'fetch',
]
/** A placeholder for the type name, which the text does not contain. */
const typed = '::…[]'

/** The batched form in SQL. */
export function batchedSql({ statement, condition, kind }: Pick<Shape, 'statement' | 'condition' | 'kind'>): string {
  const isCut = statement.endsWith('…')
  const tokens = tokensOf(isCut ? condition : statement)
  if (isCut) return kind === 'insert' ? severalRows : (inItsPlace(tokens) ?? joined)
  const form = kind === 'with' || kind === 'merge' ? inItsPlace(tokens) : batchedBy[kind]?.(tokens)
  return form ?? joined
}

const severalRows = 'INSERT … VALUES (…), (…), …, or INSERT … SELECT * FROM unnest($1::…[], …)'
const joined = `the same statement with = ANY($1) and all values in an array, or a join with unnest($1${typed}, …) and an array for each column`

const batchedBy: { readonly [Kind in Shape['kind']]?: (tokens: Tokens) => string | undefined } = {
  select: batchedSelect,
  delete: batchedDelete,
  insert: batchedInsert,
  update: batchedUpdate,
}

/** The columns that a WHERE compares with one value each. Empty with OR and NOT, where more would have to change. */
function conditionsOf(tokens: Tokens): { readonly equalities: Equality[]; readonly key: Equality } | undefined {
  const where = indexOfWord(tokens, ['where'])
  if (where === undefined) return undefined
  if (tokens.slice(where).some((token) => /^(?:or|not|select)$/i.test(token))) return undefined
  const equalities = equalitiesIn(tokens, where)
  const key = keyOf(equalities)
  return key === undefined ? undefined : { equalities, key }
}

function inItsPlace(tokens: Tokens): string | undefined {
  const key = conditionsOf(tokens)?.key
  return key === undefined ? undefined : `the same statement with ${key.column} = ANY($1) and all values in an array`
}

function batchedSelect(tokens: Tokens): string | undefined {
  const plain = withoutPlainLimit(tokens)
  const key = conditionsOf(plain)?.key
  if (key === undefined) return undefined
  const isPlain = indexOfWord(plain, ofWholeAnswer) === undefined && !calls(plain)
  return isPlain ? withAny(plain, key) : lateral(tokens, key)
}

function batchedDelete(tokens: Tokens): string | undefined {
  const key = conditionsOf(tokens)?.key
  return key && withAny(tokens, key)
}

/** LIMIT without ORDER BY gives the maximum number of rows of one value. */
function withoutPlainLimit(tokens: Tokens): Tokens {
  const limit = indexOfWord(tokens, ['limit'])
  return limit === undefined || indexOfWord(tokens, ['order', 'for', ...ofWholeAnswer.slice(0, 7)]) !== undefined
    ? tokens
    : tokens.slice(0, limit)
}

/** Returns true if the column list calls a function, which may be an aggregate. */
function calls(tokens: Tokens): boolean {
  const columns = tokens.slice(1, indexOfWord(tokens, ['from']))
  return columns.some((token, index) => token === '(' && index > 0 && /^[\w"]/.test(columns[index - 1] as string))
}

/** Writes `= ANY($1)`; a cast of the value becomes a cast to its array type. */
function withAny(tokens: Tokens, { value }: Equality): string {
  const isCast = tokens[value + 1] === ':' && tokens[value + 2] === ':'
  const cast = isCast ? [':', ':', tokens[value + 3] ?? '', '[', ']'] : []
  const rest = tokens.slice(isCast ? value + 4 : value + 1)
  return written([...tokens.slice(0, value), 'ANY', '(', '?', ...cast, ')', ...rest])
}

function lateral(tokens: Tokens, { name, value }: Equality): string {
  const column = quotedIfNeeded(name)
  const each = written([...tokens.slice(0, value), 'given', '.', column, ...tokens.slice(value + 1)])
  // The array comes first and takes number 1.
  const renumbered = each.replaceAll(/\$(\d+)/g, (_, number: string) => `$${Number(number) + 1}`)
  return `SELECT * FROM unnest($1${typed}) AS given (${column}) CROSS JOIN LATERAL (${renumbered}) AS each`
}

function quotedIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name}"`
}

function batchedInsert(tokens: Tokens): string | undefined {
  const values = indexOfWord(tokens, ['values'])
  const close = values === undefined ? undefined : closeOf(tokens, values + 1)
  if (values === undefined || close === undefined) return undefined
  const columns = namesInParentheses(tokens, indexOfOpen(tokens))
  const isPlainRow = close === values + 3 && tokens[values + 2] === '?'
  const head = written(tokens.slice(0, values + 1))
  const tail = written(tokens.slice(close + 1))
  const rest = tail === '' ? '' : /\$\d/.test(tail) ? ' and the rest unchanged' : ` ${tail}`
  if (columns === undefined || !isPlainRow) return `${head} (…), (…), …${rest}`
  return `${head} ${row(0, columns.length)}, ${row(1, columns.length)}, …${rest}`
}

/** A row is shown with one item, whatever its length was. */
function row(index: number, columns: number): string {
  return `(${Array.from({ length: columns }, (_, column) => `$${index * columns + column + 1}`).join(', ')})`
}

function indexOfOpen(tokens: Tokens): number {
  return tokens.indexOf('(')
}

/** Requires that SET and WHERE only use `column = value`; anything else needs manual work. */
function batchedUpdate(tokens: Tokens): string | undefined {
  const set = indexOfWord(tokens, ['set'])
  const where = indexOfWord(tokens, ['where'])
  const key = conditionsOf(tokens)?.key
  if (set === undefined || where === undefined || key === undefined || indexOfWord(tokens, ['from']) !== undefined)
    return undefined
  const targets = equalitiesIn(tokens, set, where)
  const isCounted = tokens.slice(set, where).filter((token) => token === '?').length === targets.length
  if (targets.length === 0 || !isCounted || targets.some(({ name }) => name === key.name)) return undefined
  const table = unquoted(tokens[set - 1] as string)
  return updateFrom({ tokens, where, key, targets, table: quotedIfNeeded(table) })
}

interface Update {
  readonly tokens: Tokens
  readonly where: number
  readonly key: Equality
  readonly targets: readonly Equality[]
  readonly table: string
}

function updateFrom({ tokens, where, key, targets, table }: Update): string {
  const given = [...targets, key]
  const columns = given.map(({ name }) => quotedIfNeeded(name))
  const arrays = given.map((_, index) => `$${index + 1}${typed}`).join(', ')
  const isGiven = new Map(given.map(({ value }, index) => [value, columns[index] as string]))
  const named = tokens.map((token, index) => (isGiven.has(index) ? `given.${isGiven.get(index)}` : token))
  // A column of the table's would be one of the arrays' as well.
  if (!key.column.includes('.')) named[key.start] = `${table}.${key.column}`
  const from = `FROM unnest(${arrays}) AS given (${columns.join(', ')})`
  const condition = written(named.slice(where)).replaceAll(
    /\$(\d+)/g,
    (_, number: string) => `$${Number(number) + given.length}`,
  )
  return `${written(named.slice(0, where))} ${from} ${condition}`
}
