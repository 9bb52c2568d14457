import type {
  A_Expr,
  CopyStmt,
  FuncCall,
  InsertStmt,
  MergeStmt,
  Node,
  RangeVar,
  RefreshMatViewStmt,
  SortBy,
  TruncateStmt,
  TypeCast,
  UpdateStmt,
} from '@pgsql/types'
import { argumentValue, type ArgumentValue } from './argument-values.ts'
import type { Block } from './do-block.ts'
import { certainCalls, visitsOf } from '../sql/executed.ts'
import { functionCall, names } from '../sql/function-call.ts'
import { commandTagOf } from './command-tag.ts'
import { queryReferencesIn } from './query-names.ts'
import {
  usesOfCopy,
  usesOfInsert,
  usesOfMerge,
  usesOfUpdate,
  type GivenColumns,
  type RelationUse,
  type Use,
} from './relation-uses.ts'

/** A name as a statement has it. */
export interface NameReference {
  readonly name: string
  /** Absent where PostgreSQL looks for it in the search path. */
  readonly schema?: string
}

/** A call of a function, a procedure or an aggregate. */
export interface CallReference extends NameReference {
  readonly arguments: number
  /** The known facts about each argument. */
  readonly values: readonly ArgumentValue[]
  /** The statement calls it exactly once, if it succeeds. */
  readonly isSure: boolean
}

/** A table or a view in a statement. */
export interface RelationReference extends NameReference, GivenColumns {
  readonly use: RelationUse
  /** Behind ONLY: without the rows of its partitions and children. */
  readonly isOnly?: true
}

/** The names in the executed parts of one statement that may lead to code in the database. */
export interface References {
  readonly calls: readonly CallReference[]
  readonly relations: readonly RelationReference[]
  readonly operators: readonly NameReference[]
  /** Types that a value is cast to. A constant is read by the type itself, without a cast. */
  readonly types: readonly (NameReference & { readonly isOfConstant: boolean })[]
  /** For a statement that fires event triggers: its command tag, or an empty text if the tag is not known. */
  readonly command?: string
}

/**
 * Returns the effects of the code that a statement runs in the database: functions, triggers, defaults, views. The
 * caller knows the database; core does not.
 */
export interface Reach {
  readonly effectsOf: (references: References) => Block
  /**
   * Returns false if a text surely names nothing of the database. Such a text is not parsed if its words are harmless.
   */
  readonly mentions: (sql: string) => boolean
  /** The scan and `mentions` in one pass over the text, if there is one: true for a harmless text. */
  readonly scan?: (sql: string) => boolean
}

/** Finds the names in a statement. A name in a literal or a comment is none. */
export function referencesIn(statement: Node): References {
  const walk = new ReferenceWalk(statement)
  walk.run()
  return walk
}

class ReferenceWalk implements References {
  readonly calls: CallReference[] = []
  readonly relations: RelationReference[] = []
  readonly operators: NameReference[] = []
  readonly types: (NameReference & { readonly isOfConstant: boolean })[] = []
  readonly command?: string
  readonly #statement: Node
  readonly #certain: ReadonlySet<object>
  /** Targets of INSERT and the like, which are not read. */
  readonly #targets = new Set<object>()
  readonly #ranges: RangeVar[] = []

  constructor(statement: Node) {
    this.#statement = statement
    this.#certain = certainCalls(statement, () => true)
    const command = commandTagOf(statement)
    if (command !== undefined) this.command = command
  }

  run(): void {
    let hasQueries = false
    for (const { tag, node, isExecuted } of visitsOf(this.#statement, () => false)) {
      hasQueries ||= 'withClause' in node
      if (isExecuted) handlers[tag]?.(this, node as never)
    }
    const queries = hasQueries ? queryReferencesIn(this.#statement) : noQueries
    for (const range of this.#ranges)
      if (!queries.has(range) && !this.#targets.has(range)) this.#use(range, { use: 'select' })
  }

  readRange(range: RangeVar): void {
    this.#ranges.push(range)
  }

  call(node: FuncCall): void {
    const { name, schema, args: direct } = functionCall(node)
    // `percentile(0.5) WITHIN GROUP (ORDER BY n)` has two arguments.
    const args = node.agg_within_group === true ? [...direct, ...orderedBy(node)] : direct
    this.calls.push({
      ...named([schema, name]),
      arguments: args.length,
      values: args.map((each) => argumentValue(each)),
      isSure: this.#certain.has(node),
    })
  }

  operator(path: readonly Node[] | undefined): void {
    if (path !== undefined) this.operators.push(named(names(path)))
  }

  cast({ typeName, arg }: TypeCast): void {
    this.types.push({ ...named(names(typeName?.names)), isOfConstant: arg !== undefined && 'A_Const' in arg })
  }

  /** A target of INSERT, UPDATE, DELETE, MERGE, COPY, TRUNCATE or REFRESH. */
  target(relation: RangeVar | undefined, uses: readonly Use[]): void {
    if (relation === undefined) return
    this.#targets.add(relation)
    for (const use of uses) this.#use(relation, use)
  }

  #use(relation: RangeVar, use: Use): void {
    const isOnly = relation.inh !== true && { isOnly: true as const }
    this.relations.push({ ...named([relation.schemaname, relation.relname]), ...use, ...isOnly })
  }
}

function orderedBy({ agg_order: order = [] }: FuncCall): Node[] {
  return order.flatMap((each) => ('SortBy' in each && each.SortBy.node !== undefined ? [each.SortBy.node] : []))
}

/** The objects that each kind of node may lead to, by its tag. */
const handlers: Readonly<Record<string, (walk: ReferenceWalk, node: never) => void>> = {
  FuncCall: (walk, node: FuncCall) => walk.call(node),
  A_Expr: (walk, node: A_Expr) => walk.operator(node.name),
  SortBy: (walk, node: SortBy) => walk.operator(node.useOp),
  TypeCast: (walk, node: TypeCast) => walk.cast(node),
  RangeVar: (walk, node: RangeVar) => walk.readRange(node),
  InsertStmt: (walk, node: InsertStmt) => walk.target(node.relation, usesOfInsert(node)),
  UpdateStmt: (walk, node: UpdateStmt) => walk.target(node.relation, usesOfUpdate(node)),
  DeleteStmt: (walk, node: { readonly relation?: RangeVar }) => walk.target(node.relation, [{ use: 'delete' }]),
  MergeStmt: (walk, node: MergeStmt) => walk.target(node.relation, usesOfMerge(node)),
  CopyStmt: (walk, node: CopyStmt) => walk.target(node.relation, usesOfCopy(node)),
  RefreshMatViewStmt: (walk, node: RefreshMatViewStmt) =>
    walk.target(node.relation, node.skipData === true ? [] : [{ use: 'refresh' }]),
  TruncateStmt: (walk, node: TruncateStmt) => {
    for (const each of node.relations ?? []) if ('RangeVar' in each) walk.target(each.RangeVar, [{ use: 'truncate' }])
  },
}

const noQueries: ReadonlySet<object> = new Set()

function named(path: readonly (string | undefined)[]): NameReference {
  const name = path.at(-1) ?? ''
  const schema = path.at(-2)
  return schema === undefined ? { name } : { name, schema }
}
