import type { CreateStmt, CreateTableAsStmt, IntoClause, RangeVar, SelectStmt } from '@pgsql/types'
import {
  insertAfter,
  insertBefore,
  replace,
  type Change,
  type Edit,
  type Repaired,
  type StatementText,
} from '../repair.ts'

const how = 'ON COMMIT DROP'
const notFound = 'poolsafe does not find where ON COMMIT DROP belongs in the text'

/** `CREATE TEMP TABLE t (…)` → `… ON COMMIT DROP`. */
export function dropTable(node: CreateStmt, text: StatementText): Repaired {
  const { oncommit = 'ONCOMMIT_NOOP', tablespacename: tablespace } = node
  const start = text.indexAt(node.relation?.location)
  const place = tablespace === undefined ? text.tokens.length : text.find(start, tablespaceWord)
  const edits = editsAt(text, start, place, oncommit === 'ONCOMMIT_NOOP')
  return edits === undefined ? notFound : { how, edits, tree: [{ node, fields: { oncommit: 'ONCOMMIT_DROP' } }] }
}

/** `CREATE TEMP TABLE t AS …` → `CREATE TEMP TABLE t ON COMMIT DROP AS …`. */
export function dropTableAs({ into }: CreateTableAsStmt, text: StatementText): Repaired {
  if (into === undefined) return undefined
  const start = text.indexAt(into.rel?.location)
  const place = text.find(start, into.tableSpaceName === undefined ? asWord : tablespaceWord)
  const edits = editsAt(text, start, place, (into.onCommit ?? 'ONCOMMIT_NOOP') === 'ONCOMMIT_NOOP')
  const temporary = sayTemporary(into.rel, text)
  if (edits === undefined || temporary === undefined) return notFound
  const tree = [{ node: into, fields: { onCommit: 'ONCOMMIT_DROP' } }]
  return { how, edits: [...temporary.edits, ...edits], tree: [...temporary.tree, ...tree] }
}

/** PostgreSQL takes ON COMMIT here only with the word TEMP, also if the table is in pg_temp. */
function sayTemporary(
  rel: RangeVar | undefined,
  { tokens }: StatementText,
): Pick<Change, 'edits' | 'tree'> | undefined {
  if (rel === undefined || rel.relpersistence === 't') return { edits: [], tree: [] }
  const [, table] = tokens
  if (table?.keyword !== 'table') return undefined
  return { edits: [insertBefore(table, 'TEMP ')], tree: [{ node: rel, fields: { relpersistence: 't' } }] }
}

const asWord: ReadonlySet<string> = new Set(['as'])
const onWord: ReadonlySet<string> = new Set(['on'])
const tablespaceWord: ReadonlySet<string> = new Set(['tablespace'])

/**
 * @param start the index of the table's name
 * @param place the index of the token that follows the clause; the number of tokens for the end of the statement
 */
function editsAt(text: StatementText, start: number, place: number, isNew: boolean): Edit[] | undefined {
  if (start < 0 || place < 0) return undefined
  if (!isNew) return replaceClause(text, start)
  const next = text.tokens[place]
  const last = text.tokens.at(-1)
  if (next !== undefined) return [insertBefore(next, 'ON COMMIT DROP ')]
  return last && [insertAfter(last, ' ON COMMIT DROP')]
}

/** `ON COMMIT PRESERVE ROWS` and `ON COMMIT DELETE ROWS`: what stands between the words is kept. */
function replaceClause(text: StatementText, start: number): Edit[] | undefined {
  const on = text.find(start, onWord)
  const [commit, verb, rows] = text.tokens.slice(on + 1, on + 4)
  if (on < 0 || commit?.keyword !== 'commit' || verb === undefined || rows?.keyword !== 'rows') return undefined
  return [replace(verb, 'DROP'), replace(rows, '')]
}

/** `SELECT … INTO TEMP t` → `CREATE TEMP TABLE t ON COMMIT DROP AS SELECT …`. */
export function dropSelected(
  select: SelectStmt,
  text: StatementText,
  isTemporary: (table: RangeVar | undefined) => boolean,
): Repaired {
  const statement = 'SelectStmt' in text.node ? text.node.SelectStmt : undefined
  const holder = statement && holderOfInto(statement)
  if (holder?.intoClause === undefined || statement !== select) return undefined
  const { intoClause: into } = holder
  if (!isTemporary(into.rel)) return undefined
  const target = targetOf(into, text)
  const [first] = text.tokens
  if (target === undefined || first === undefined) return notFound
  const edits = [insertBefore(first, `CREATE TEMP TABLE ${target.name} ON COMMIT DROP AS `)]
  const created = {
    query: { SelectStmt: statement },
    into: { ...into, rel: { ...into.rel, relpersistence: 't' }, onCommit: 'ONCOMMIT_DROP' },
    objtype: 'OBJECT_TABLE',
  }
  return {
    how: 'SELECT INTO → CREATE TEMP TABLE … ON COMMIT DROP AS',
    edits: [...edits, ...target.tokens.map((token) => replace(token, ''))],
    tree: [
      { node: holder, fields: { intoClause: undefined } },
      { node: text.node, fields: { SelectStmt: undefined, CreateTableAsStmt: created } },
    ],
  }
}

/** In a UNION the first query has the INTO. */
function holderOfInto(select: SelectStmt): SelectStmt | undefined {
  let holder: SelectStmt | undefined = select
  while (holder !== undefined && holder.intoClause === undefined) holder = holder.larg
  return holder
}

interface Target {
  readonly name: string
  /** `INTO TEMP TABLE t`. */
  readonly tokens: StatementText['tokens']
}

function targetOf({ rel }: IntoClause, text: StatementText): Target | undefined {
  const start = text.indexAt(rel?.location)
  let into = start - 1
  while (into >= 0 && persistenceWords.has(text.keywordAt(into) ?? '')) into--
  const end = start + 2 * partsOf(rel) - 1
  if (start < 1 || text.keywordAt(into) !== 'into') return undefined
  return {
    name: text.tokens
      .slice(start, end)
      .map((token) => token.text)
      .join(''),
    tokens: text.tokens.slice(into, end),
  }
}

const persistenceWords: ReadonlySet<string> = new Set(['global', 'local', 'table', 'temp', 'temporary'])

function partsOf(relation: RangeVar | undefined): number {
  return [relation?.catalogname, relation?.schemaname, relation?.relname].filter((part) => part !== undefined).length
}
