import type { CaseExpr, FuncCall, Node } from '@pgsql/types'
import { functionCall, isBuiltIn, names, settingName, type FunctionCall } from '../sql/function-call.ts'
import { isValue, visitsOf } from '../sql/executed.ts'
import { parse, unlessRefused } from '../sql/parser.ts'
import { statementsOf } from '../sql/statement-text.ts'
import { columnsOf, plainName } from './columns.ts'

/** A text that a dynamic EXECUTE may build, as far as the code shows it. */
export interface Folded {
  /** Names and values that are only known at run time stand in it as `x` and `'x'`. */
  readonly sql: string
  /** Parts that are known only at run time are quoted, so they cannot change the kind of statement. */
  readonly isWhole: boolean
  /** There are more texts, which are not known or not followed. */
  readonly isCut?: true
}

/** The known facts about the variables of a routine. */
export interface KnownVariables {
  /** The values that a variable gets, as `SELECT …`, in the order of the text; empty for a value that is not known. */
  readonly values: ReadonlyMap<string, readonly string[]>
  /** The settings that variables have saved. */
  readonly saved: ReadonlyMap<string, string>
  /** The types of variables and parameters. */
  readonly types?: ReadonlyMap<string, string>
}

const noVariables: KnownVariables = { values: new Map(), saved: new Map() }

/** The most texts of one EXECUTE that are followed. */
const mostTexts = 8

/** How many variables a text may go through. */
const deepest = 8

/** The longest text that is followed, in characters: `s := s || s` doubles with each line. */
const longestText = 20_000

/**
 * Returns the texts that an expression builds with `||`, `concat()`, `format()`, `quote_ident()`, `quote_literal()`,
 * CASE and variables; `undefined` if PostgreSQL’s grammar refuses all of them with the names and values filled in.
 *
 * @param select the expression as `SELECT …`
 * @param using the expressions behind USING
 */
export function foldText(
  select: string,
  using: readonly string[] = [],
  variables: KnownVariables = noVariables,
): Folded[] | undefined {
  const value = columnsOf(select).at(-1)
  if (value === undefined) return undefined
  const fold = new Fold(variables)
  const texts = fold.texts(value).flatMap(({ sql, isWhole }) => {
    const text = withValues(fold.restored(sql), using)
    const calls = text.trim() === 'x' ? undefined : callsIn(text)
    // A known text that is no statement is a piece of another one. An unknown one may be any statement.
    if (calls === undefined && !isWhole) fold.isCut = true
    return calls === undefined ? [] : [{ sql: text, isWhole: isWhole && !calls.some(isUnknownCall) }]
  })
  if (texts.length === 0) return undefined
  return fold.isCut ? texts.map((text) => Object.assign(text, { isCut: true as const })) : texts
}

/** The function is chosen at run time. */
function isUnknownCall({ name, schema }: FunctionCall): boolean {
  return name === 'x' || schema === 'x'
}

function callsIn(sql: string): readonly FunctionCall[] | undefined {
  const statements = unlessRefused(() => parse(sql)) ?? []
  if (statements.length === 0) return undefined
  return statements.flatMap((statement) =>
    [...visitsOf(statement, () => false)].flatMap(({ tag, node }) => (tag === 'FuncCall' ? [functionCall(node)] : [])),
  )
}

/** Fills in constants and names for `$1`; anything else becomes a name that means nothing. */
function withValues(sql: string, using: readonly string[]): string {
  if (using.length === 0) return sql
  const tokens = (unlessRefused(() => statementsOf(sql)) ?? []).flatMap((statement) => statement.tokens)
  return tokens
    .filter(({ text }) => /^\$\d+$/.test(text))
    .reduceRight((text, token) => {
      const value = using[Number(token.text.slice(1)) - 1] ?? 'x'
      const [column] = unlessRefused(() => columnsOf(`SELECT ${value}`)) ?? []
      const isKnown = column !== undefined && (isValue(column) || isCastOfValue(column) || 'ColumnRef' in column)
      return `${text.slice(0, token.from)}${isKnown ? `(${value})` : 'x'}${text.slice(token.to)}`
    }, sql)
}

function isCastOfValue(node: Node): boolean {
  return 'TypeCast' in node && node.TypeCast.arg !== undefined && isValue(node.TypeCast.arg)
}

/** Types whose values print as a name or a number. */
const plainTypes = /^(?:reg\w+|int[248]|integer|bigint|smallint|oid|bool|boolean)$/

const unknown: readonly Folded[] = [{ sql: 'x', isWhole: false }]

class Fold {
  /** Some texts are not known, or not followed: there are more than {@link mostTexts}. */
  isCut = false
  readonly #variables: KnownVariables
  readonly #settings: readonly string[]
  /** How many values of a variable count: those before the assignment that is read now. */
  readonly #counted = new Map<string, number>()
  /** The texts of a variable, by its name and how many of its values count. A value is read by many later ones. */
  readonly #known = new Map<string, readonly Folded[]>()
  #depth = 0

  constructor(variables: KnownVariables) {
    this.#variables = variables
    this.#settings = [...new Set(variables.saved.values())]
  }

  texts(node: Node): readonly Folded[] {
    const texts = this.#textsOf(node)
    return texts.every(({ sql }) => sql.length <= longestText) ? texts : unknown
  }

  #textsOf(node: Node): readonly Folded[] {
    if ('A_Const' in node) return constantOf(node.A_Const)
    if ('TypeCast' in node) return this.#cast(node.TypeCast.arg, names(node.TypeCast.typeName?.names).at(-1) ?? '')
    if ('FuncCall' in node) return this.#call(node.FuncCall)
    if ('CaseExpr' in node) return this.#case(node.CaseExpr)
    if ('ColumnRef' in node) return this.#variable(plainName(node) ?? '')
    if ('A_Expr' in node && names(node.A_Expr.name).at(-1) === '||') {
      const { lexpr, rexpr } = node.A_Expr
      return this.#joined([lexpr, rexpr].filter((each) => each !== undefined))
    }
    return unknown
  }

  /** `SET search_path = old`, where old has the value from before, takes the change back. */
  restored(sql: string): string {
    const [, name = '', at = ''] =
      /^\s*set\s+(?:session\s+)?([\w.]+)\s*(?:=|\bto\b)\s*'?poolsafe_saved_(\d+)'?\s*;?\s*$/i.exec(sql) ?? []
    if (name !== '' && this.#settings[Number(at)] === settingName(name)) return `RESET ${name}`
    return sql.replaceAll(/poolsafe_saved_\d+/g, 'x')
  }

  #joined(parts: readonly Node[], separator = ''): readonly Folded[] {
    return this.#crossed(
      parts.map((part) => this.texts(part)),
      (texts) => texts.join(separator),
    )
  }

  #first<Item>(items: readonly Item[]): readonly Item[] {
    if (items.length <= mostTexts) return items
    this.isCut = true
    return items.slice(0, mostTexts)
  }

  /** All texts that take one variant of each part. */
  #crossed(parts: readonly (readonly Folded[])[], join: (texts: readonly string[]) => string): readonly Folded[] {
    let all: readonly { readonly texts: readonly string[]; readonly isWhole: boolean }[] = [
      { texts: [], isWhole: true },
    ]
    for (const variants of parts)
      all = this.#first(
        all.flatMap(({ texts, isWhole }) =>
          variants.map((variant) => ({ texts: [...texts, variant.sql], isWhole: isWhole && variant.isWhole })),
        ),
      )
    return all.map(({ texts, isWhole }) => ({ sql: join(texts), isWhole }))
  }

  #case({ args = [], defresult }: CaseExpr): readonly Folded[] {
    const results = args.flatMap((each) => ('CaseWhen' in each ? [each.CaseWhen.result] : []))
    return this.#first([...results, defresult].flatMap((each) => (each === undefined ? [] : this.texts(each))))
  }

  #variable(name: string): readonly Folded[] {
    const saved = this.#variables.saved.get(name)
    if (saved !== undefined) return [{ sql: `poolsafe_saved_${this.#settings.indexOf(saved)}`, isWhole: false }]
    const values = this.#variables.values.get(name) ?? []
    const count = this.#counted.get(name) ?? values.length
    const key = `${name} ${count}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const type = this.#variables.types?.get(name) ?? ''
    if (plainTypes.test(type)) return plainOf(type)
    if (this.#depth === deepest || count === 0) return unknown
    this.#depth++
    const all = this.#valuesBefore(count, name, values)
    // A last value that reads the variable itself has those before it.
    const isLast = isRead(name, values[count - 1] ?? '')
    if (!isLast && (count > mostTexts || all.length > mostTexts)) this.isCut = true
    const texts = all.slice(-mostTexts)
    this.#counted.set(name, count)
    this.#depth--
    this.#known.set(key, texts)
    return texts
  }

  /** Each value has at least one text, so those in front of the last ones are never used. */
  #valuesBefore(count: number, name: string, values: readonly string[]): Folded[] {
    const first = Math.max(0, count - mostTexts)
    return values.slice(first, count).flatMap((value, index) => {
      // A value that reads the variable itself reads the one before.
      this.#counted.set(name, first + index)
      const column = value === '' ? undefined : unlessRefused(() => columnsOf(value))?.at(-1)
      return column === undefined ? unknown : this.texts(column)
    })
  }

  #cast(arg: Node | undefined, type: string): readonly Folded[] {
    if (arg !== undefined && ('A_Const' in arg || !plainTypes.test(type))) return this.texts(arg)
    return plainOf(type)
  }

  #call(node: FuncCall): readonly Folded[] {
    const call = functionCall(node)
    if (!isBuiltIn(call)) return unknown
    const [first, ...others] = call.args
    if (first === undefined) return unknown
    if (call.name === 'quote_ident') return this.#quoted(first, identifier, 'x')
    if (call.name === 'quote_literal' || call.name === 'quote_nullable') return this.#quoted(first, literal, "'x'")
    if (call.name === 'concat') return this.#joined(call.args)
    if (call.name === 'concat_ws') return this.#first(this.texts(first).flatMap(({ sql }) => this.#joined(others, sql)))
    return call.name === 'format' && 'A_Const' in first ? this.#format(first, others) : unknown
  }

  /** Quotes what is known; otherwise `filled` stands for it. */
  #quoted(node: Node, quote: (text: string) => string, filled: string): readonly Folded[] {
    return this.texts(node).map(({ sql, isWhole }) => {
      if (isWhole || sql.startsWith('poolsafe_saved_')) return { sql: isWhole ? quote(sql) : literal(sql), isWhole }
      return { sql: filled, isWhole: true }
    })
  }

  /** `%I` is a quoted name, `%L` a quoted value, `%s` anything. */
  #format(template: Node, values: readonly Node[]): readonly Folded[] {
    const [{ sql } = { sql: '' }] = this.texts(template)
    const pieces = [...sql.matchAll(/%(?:(\d+)\$)?-?\d*([ILs%])|(?:(?!%(?:\d+\$)?-?\d*[ILs%])[^])+/g)]
    let next = 0
    const texts = pieces.map(([text, position, kind]): readonly Folded[] => {
      if (kind === undefined || kind === '%') return [{ sql: kind ?? text, isWhole: true }]
      if (position !== undefined) next = Number(position) - 1
      const value = values[next++]
      if (kind === 'I') return value === undefined ? unknown : this.#quoted(value, identifier, 'x')
      if (kind === 'L') return value === undefined ? unknown : this.#quoted(value, literal, "'x'")
      return value === undefined ? unknown : this.texts(value)
    })
    return this.#crossed(texts, (parts) => parts.join(''))
  }
}

function plainOf(type: string): readonly Folded[] {
  return [{ sql: type.startsWith('reg') ? 'x' : '1', isWhole: true }]
}

function isRead(name: string, value: string): boolean {
  return value
    .toLowerCase()
    .split(/[^\w$]+/)
    .includes(name.toLowerCase())
}

function constantOf(constant: object): readonly Folded[] {
  if ('sval' in constant) return [{ sql: (constant.sval as { readonly sval?: string }).sval ?? '', isWhole: true }]
  if ('boolval' in constant)
    return [{ sql: String((constant.boolval as { readonly boolval?: boolean }).boolval ?? false), isWhole: true }]
  if (!('ival' in constant)) return unknown
  return [{ sql: String((constant.ival as { readonly ival?: number }).ival ?? 0), isWhole: true }]
}

function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
