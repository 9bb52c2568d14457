import type {
  A_Expr,
  CopyStmt,
  FuncCall,
  InsertStmt,
  MergeStmt,
  Node,
  RangeVar,
  TruncateStmt,
  TypeCast,
  WithClause,
} from '@pgsql/types'
import type { Block } from './do-block.ts'
import { certainCalls, visitsOf } from '../sql/executed.ts'
import { functionCall, names } from '../sql/function-call.ts'

/** A name as a statement has it. */
export interface NameReference {
  readonly name: string
  /** Absent where PostgreSQL looks for it in the search path. */
  readonly schema?: string
}

/** A call of a function, a procedure or an aggregate. */
export interface CallReference extends NameReference {
  readonly arguments: number
  /** The statement calls it exactly once, if it succeeds. */
  readonly isSure: boolean
}

/** What a statement does with a relation. */
export type RelationUse = 'select' | 'insert' | 'update' | 'delete' | 'truncate'

/** A table or a view in a statement. */
export interface RelationReference extends NameReference {
  readonly use: RelationUse
  /** Of INSERT and UPDATE: the columns that get a value. Absent for all columns, or if the statement does not say. */
  readonly columns?: readonly string[]
}

/** The names in the executed parts of one statement that may lead to code in the database. */
export interface References {
  readonly calls: readonly CallReference[]
  readonly relations: readonly RelationReference[]
  readonly operators: readonly NameReference[]
  /** Types that a value is cast to. A constant is read by the type itself, without a cast. */
  readonly types: readonly (NameReference & { readonly isOfConstant: boolean })[]
}

/**
 * Returns the effects of the code that a statement runs in the database: functions, triggers, defaults, views. The
 * caller knows the database; core does not.
 */
export interface Reach {
  readonly effectsOf: (references: References) => Block
  /** Returns false if a text surely names nothing of the database. Such a text is not parsed if its words are harmless. */
  readonly mentions: (sql: string) => boolean
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
  readonly #statement: Node
  readonly #certain: ReadonlySet<object>
  /** Targets of INSERT and the like, which are not read. */
  readonly #targets = new Set<object>()
  readonly #queryNames = new Set<string>()
  readonly #ranges: RangeVar[] = []

  constructor(statement: Node) {
    this.#statement = statement
    this.#certain = certainCalls(statement, () => true)
  }

  run(): void {
    for (const { tag, node, isExecuted } of visitsOf(this.#statement, () => false))
      if (isExecuted) this.#visit(tag, node as never)
    for (const range of this.#ranges) {
      const isQuery = range.schemaname === undefined && this.#queryNames.has(range.relname ?? '')
      if (!isQuery && !this.#targets.has(range)) this.#use(range, 'select')
    }
  }

  #visit(tag: string, node: never): void {
    handlers[tag]?.(this, node)
    const { withClause } = node as { readonly withClause?: WithClause }
    for (const each of withClause?.ctes ?? [])
      if ('CommonTableExpr' in each) this.#queryNames.add(each.CommonTableExpr.ctename ?? '')
  }

  readRange(range: RangeVar): void {
    this.#ranges.push(range)
  }

  call(node: FuncCall): void {
    const { name, schema, args } = functionCall(node)
    this.calls.push({ ...named([schema, name]), arguments: args.length, isSure: this.#certain.has(node) })
  }

  operator({ name }: A_Expr): void {
    this.operators.push(named(names(name)))
  }

  cast({ typeName, arg }: TypeCast): void {
    this.types.push({ ...named(names(typeName?.names)), isOfConstant: arg !== undefined && 'A_Const' in arg })
  }

  /** A target of INSERT, UPDATE, DELETE, MERGE, COPY or TRUNCATE. */
  target(relation: RangeVar | undefined, uses: readonly RelationUse[], columns?: readonly string[]): void {
    if (relation === undefined) return
    this.#targets.add(relation)
    for (const use of uses) this.#use(relation, use, columns)
  }

  #use(relation: RangeVar, use: RelationUse, columns?: readonly string[]): void {
    this.relations.push({
      ...named([relation.schemaname, relation.relname]),
      use,
      ...(columns !== undefined && { columns }),
    })
  }
}

/** What each kind of node may lead to, by its tag. */
const handlers: Readonly<Record<string, (walk: ReferenceWalk, node: never) => void>> = {
  FuncCall: (walk, node: FuncCall) => walk.call(node),
  A_Expr: (walk, node: A_Expr) => walk.operator(node),
  TypeCast: (walk, node: TypeCast) => walk.cast(node),
  RangeVar: (walk, node: RangeVar) => walk.readRange(node),
  InsertStmt: (walk, node: InsertStmt) => {
    walk.target(node.relation, ['insert'], columnsOf(node.cols))
    const { action, targetList } = node.onConflictClause ?? {}
    if (action === 'ONCONFLICT_UPDATE') walk.target(node.relation, ['update'], columnsOf(targetList))
  },
  UpdateStmt: (walk, node: { readonly relation?: RangeVar; readonly targetList?: Node[] }) =>
    walk.target(node.relation, ['update'], columnsOf(node.targetList)),
  DeleteStmt: (walk, node: { readonly relation?: RangeVar }) => walk.target(node.relation, ['delete']),
  MergeStmt: (walk, node: MergeStmt) => walk.target(node.relation, mergeUses(node)),
  CopyStmt: (walk, node: CopyStmt) => walk.target(node.relation, [node.is_from === true ? 'insert' : 'select']),
  TruncateStmt: (walk, node: TruncateStmt) => {
    for (const each of node.relations ?? []) if ('RangeVar' in each) walk.target(each.RangeVar, ['truncate'])
  },
}

function mergeUses({ mergeWhenClauses = [] }: MergeStmt): RelationUse[] {
  const commands = mergeWhenClauses.map((each) =>
    'MergeWhenClause' in each ? each.MergeWhenClause.commandType : undefined,
  )
  const uses = { CMD_INSERT: 'insert', CMD_UPDATE: 'update', CMD_DELETE: 'delete' } as const
  return [
    ...new Set(
      commands.flatMap((command) =>
        command !== undefined && command in uses ? [uses[command as keyof typeof uses]] : [],
      ),
    ),
  ]
}

function columnsOf(targets: readonly Node[] | undefined): string[] | undefined {
  return targets?.flatMap((target) => ('ResTarget' in target ? [target.ResTarget.name ?? ''] : []))
}

function named(path: readonly (string | undefined)[]): NameReference {
  const name = path.at(-1) ?? ''
  const schema = path.at(-2)
  return schema === undefined ? { name } : { name, schema }
}
