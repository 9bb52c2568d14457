import type { Shape } from '../shape/shape.ts'
import type { Layer } from '../../stack/origin.ts'
import { equalitiesIn, keyOf, namesInParentheses, tokensOf, unquoted, type Tokens } from './statement-parts.ts'

/** Returns the known parts of an ORM's statement. If its text is cut, the last WHERE replaces it. */
function partsOf({ shape }: Repeated): { readonly key: string; readonly columns: string; readonly table: string } {
  const { statement, condition, summary } = shape
  const isCut = statement.endsWith('…')
  const tokens = tokensOf(isCut ? condition : statement)
  const where = tokens.findLastIndex((token) => token.toLowerCase() === 'where')
  const key = where === -1 ? undefined : keyOf(equalitiesIn(tokens, where))
  return {
    key: key?.name ?? '…',
    columns: columnsOf(isCut ? tokensOf(statement) : tokens),
    table: summary.split(' ')[1] ?? '…',
  }
}

/** `title, authorId`, of an INSERT. */
function columnsOf(tokens: Tokens): string {
  const names = namesInParentheses(tokens, tokens.indexOf('('))
  return names === undefined ? '…' : names.map(unquoted).join(', ')
}

/**
 * Chooses the form by the operation's name. The statement has column names, which the schema may map to other field
 * names, mostly those with an underscore.
 */
export function batchedByPrisma(repeated: Repeated): string | undefined {
  const batched = batchedOperation(repeated)
  const { key } = partsOf(repeated)
  if (batched?.includes(key) !== true || !key.includes('_')) return batched
  return `${batched} (${key} is the column; the field may have another name)`
}

function batchedOperation(repeated: Repeated): string | undefined {
  const [model = '', action = ''] = (repeated.operation ?? '').split('.')
  const { key, columns, table } = partsOf(repeated)
  const client = `prisma.${model.charAt(0).toLowerCase()}${model.slice(1)}`
  const where = `where: { ${key}: { in: values } }`
  if (/^(?:create|upsert)/.test(action)) {
    // Prisma inserts the rows of a nested create one by one.
    if (isOther(table, model))
      return `createMany: { data: [{ ${columns} }, …] } instead of create: […], inside ${client}.${action}()`
    if (action === 'upsert') return `$executeRaw\`INSERT … SELECT … FROM unnest(…) ON CONFLICT (…) DO UPDATE SET …\``
    return `${client}.createMany({ data: [{ ${columns} }, …] })`
  }
  if (action.startsWith('update'))
    return `${client}.updateMany({ ${where}, data }), or with other data for each $executeRaw\`UPDATE … FROM unnest(…)\``
  if (action.startsWith('delete')) return `${client}.deleteMany({ ${where} })`
  if (/^(?:count|aggregate|groupBy)/.test(action))
    return `${client}.groupBy({ by: ['${key}'], ${where}, _count: true })`
  if (action.startsWith('find')) return `${client}.findMany({ ${where} }), or include: the relation in the query before`
  return undefined
}

/** A model's table may have another name (`@@map`), so only a name without any similarity is another model's table. */
function isOther(table: string, model: string): boolean {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const [one, other] = [plain(table.split('.').at(-1) ?? ''), plain(model)]
  return !one.includes(other) && !other.includes(one)
}

export function batchedByKysely(repeated: Repeated): string | undefined {
  const { key, columns, table } = partsOf(repeated)
  const where = `.where('${key}', 'in', values)`
  switch (repeated.shape.kind) {
    case 'select':
      return `db.selectFrom('${table}')${where}, or a join in the query before`
    case 'insert':
      return `db.insertInto('${table}').values([{ ${columns} }, …])`
    case 'update':
      return `db.updateTable('${table}').set(…)${where}, or with other values for each .from(sql\`unnest(…)\`.as('given'))`
    case 'delete':
      return `db.deleteFrom('${table}')${where}`
    default:
      return undefined
  }
}

/** A statement and the layer that created it. */
export interface Repeated {
  readonly shape: Pick<Shape, 'statement' | 'condition' | 'summary' | 'kind'>
  /** `User.findFirst` */
  readonly operation: string | undefined
  readonly layer: Layer
}
