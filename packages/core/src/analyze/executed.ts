import type { AlterTableCmd, CreateTableAsStmt, ExplainStmt, Node } from 'libpg-query'

/** A node of the tree with its tag. */
export interface Visit {
  readonly tag: string
  readonly node: object
}

/**
 * Statements that store expressions, queries or bodies for later instead of executing them. What they hold is judged
 * when somebody runs it. `CREATE TABLE` stores defaults and checks; `CREATE FUNCTION … SET x` sets x around each call.
 */
const stores: ReadonlySet<string> = new Set([
  'AlterDomainStmt',
  'AlterFunctionStmt',
  'AlterPolicyStmt',
  'Constraint',
  'CreateDomainStmt',
  'CreateFunctionStmt',
  'CreatePolicyStmt',
  'CreateTrigStmt',
  'PrepareStmt',
  'RuleStmt',
  'ViewStmt',
])

/** Fields that hold a node without its tag. The two sides of UNION, INTERSECT and EXCEPT nest as deeply as there are such words. */
const untagged: ReadonlyMap<string, string> = new Map([
  ['relation', 'RangeVar'],
  ['rel', 'RangeVar'],
  ['view', 'RangeVar'],
  ['sequence', 'RangeVar'],
  ['larg', 'SelectStmt'],
  ['rarg', 'SelectStmt'],
  ['funccall', 'FuncCall'],
  ['typeName', 'TypeName'],
])

/** The nodes below `node` that PostgreSQL executes together with it, in the order of the text. */
export function executedChildren(tag: string, node: object): Visit[] {
  if (stores.has(tag)) return []
  if (tag === 'ExplainStmt' && !runs(node)) return planned(node)
  if (tag === 'CreateTableAsStmt' && (node as CreateTableAsStmt).into?.skipData === true) return planned(node)
  if (tag === 'AlterTableCmd' && (node as AlterTableCmd).subtype === 'AT_ColumnDefault') return []
  const found: Visit[] = []
  collectChildren(node, found)
  return found
}

/** The tagged nodes under `value`: a tag is a key that starts with a capital, every other key is a field. */
function collectChildren(value: object, found: Visit[]): void {
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (typeof child !== 'object' || child === null) continue
    const tag = isTag(key) ? key : tagOfField(key, child)
    if (tag === undefined) collectChildren(child, found)
    else found.push({ tag, node: child })
  }
}

function tagOfField(key: string, child: object): string | undefined {
  const tag = untagged.get(key)
  return tag === undefined || Array.isArray(child) || Object.keys(child).some(isTag) ? undefined : tag
}

function isTag(key: string): boolean {
  const first = key.charCodeAt(0)
  return first >= 0x41 && first <= 0x5a
}

/** EXPLAIN executes its statement only with ANALYZE. */
function runs({ options }: ExplainStmt): boolean {
  return (options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === 'analyze' && !isOff(option.DefElem.arg))
}

/** PostgreSQL's `defGetBoolean`: no value means true; false, off and 0 mean false. */
function isOff(value: Node | undefined): boolean {
  if (value === undefined) return false
  if ('Integer' in value) return (value.Integer.ival ?? 0) === 0
  return 'String' in value && ['false', 'off'].includes((value.String.sval ?? '').toLowerCase())
}

/** EXECUTE looks the prepared statement up, even where EXPLAIN or WITH NO DATA keeps it from running. */
function planned({ query }: ExplainStmt | CreateTableAsStmt): Visit[] {
  if (query !== undefined && 'ExecuteStmt' in query) return [{ tag: 'ExecuteStmt', node: query.ExecuteStmt }]
  return []
}
