import { tokensOf } from '../sql/statement-text.ts'

/** What a trigger passes to its function: the values of TG_OP and the like. */
export interface TriggerFacts {
  readonly op: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE'
  readonly when: 'BEFORE' | 'AFTER' | 'INSTEAD OF'
  readonly level: 'ROW' | 'STATEMENT'
  readonly name: string
  /** Absent for a partitioned table, whose partitions run the trigger under their own names. */
  readonly table?: { readonly schema: string; readonly name: string }
  /** TG_ARGV. Absent if it is not known. */
  readonly args?: readonly string[]
}

/** A value that is known before the code runs. `undefined` stands for one that is not. */
export type Constant = string | number | boolean | null | undefined

/**
 * Returns the variables of PL/pgSQL that a trigger sets, by their names. `tg_argv` stands for an argument that the trigger
 * does not give.
 */
export function variablesOf(
  { op, when, level, name, table }: TriggerFacts,
  args: readonly string[] | undefined,
): Map<string, Constant> {
  return new Map<string, Constant>([
    ['tg_op', op],
    ['tg_when', when],
    ['tg_level', level],
    ['tg_name', name],
    ['tg_table_name', table?.name],
    ['tg_relname', table?.name],
    ['tg_table_schema', table?.schema],
    ['tg_nargs', args?.length],
    ['tg_argv', args && null],
    ...(args ?? []).map((value, at) => [`tg_argv[${at}]`, value] as const),
  ])
}

/** Writes the arguments of the trigger into a text that reads them: `TG_ARGV[0]`. */
export function withArguments(sql: string, args: readonly string[]): string {
  if (!/tg_argv/i.test(sql)) return sql
  const tokens = tokensOf(sql)
  return tokens.reduceRight((text, { from, text: word }, at) => {
    const [open, index, close] = tokens.slice(at + 1, at + 4)
    const isRead = word.toLowerCase() === 'tg_argv' && open?.text === '[' && close?.text === ']'
    if (!isRead || !/^\d+$/.test(index?.text ?? '')) return text
    const value = args[Number(index?.text)]
    const literal = value === undefined ? 'NULL' : `'${value.replaceAll("'", "''")}'`
    return text.slice(0, from) + literal + text.slice(close.to)
  }, sql)
}
