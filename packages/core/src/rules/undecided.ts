import type { Node } from '@pgsql/types'
import { isBuiltIn, stringConstant, type FunctionCall } from '../sql/function-call.ts'
import type { Rule } from './rule.ts'

/** Functions of PostgreSQL that run a text in the same session, with the position and the name of that text. */
const textFunctions: ReadonlyMap<string, readonly [number, string]> = new Map([
  ['query_to_xml', [0, 'query']],
  ['query_to_xml_and_xmlschema', [0, 'query']],
  ['ts_rewrite', [1, 'substitute']],
  ['ts_stat', [0, 'query']],
])

/** Functions of the extension tablefunc: `crosstab`, `crosstab2` and so on. Their arguments have no names. */
const crosstab = /^crosstab(\d+|_hash)?$/

/** Functions of extensions that put their arguments, counted from 0, into `SELECT … FROM … WHERE …`, without quotes. */
const queryParts: ReadonlyMap<string, (parts: readonly string[]) => string> = new Map([
  [
    'xpath_table',
    ([key, document, table, , condition]) => `SELECT ${key}, ${document} FROM ${table} WHERE ${condition}`,
  ],
  ['connectby', ([table, key, parent]) => `SELECT ${key}, ${parent} FROM ${table}`],
])

/** @returns the text, or the first argument that is no constant */
function queryOf({ args }: FunctionCall, build: (parts: readonly string[]) => string, count: number): Node | undefined {
  const used = args.slice(0, count)
  const parts = used.flatMap((arg) => stringConstant(arg) ?? [])
  if (parts.length < used.length) return used.find((arg) => stringConstant(arg) === undefined)
  return { A_Const: { sval: { sval: build(parts) } } }
}

/** The texts that a call runs, as expressions. */
export function textArgumentsOf(call: FunctionCall): readonly Node[] {
  const build = queryParts.get(call.name)
  if (build !== undefined) {
    const query = queryOf(call, build, call.name === 'connectby' ? 3 : 5)
    return query === undefined ? [] : [query]
  }
  // The second argument of crosstab is a number or a text.
  if (crosstab.test(call.name)) return call.args.filter((arg) => !isNumber(arg))
  const [position, name] = textFunctions.get(call.name) ?? []
  if (position === undefined || name === undefined || !isBuiltIn(call)) return []
  // With three arguments, ts_rewrite takes no text.
  const text = call.name === 'ts_rewrite' && call.args.length !== 2 ? undefined : call.argument(position, name)
  return text === undefined ? [] : [text]
}

function isNumber(node: Node): boolean {
  return 'A_Const' in node && 'ival' in node.A_Const
}

/**
 * Strict mode promises that silence means safe, so what the parser cannot hold or read is a finding there, and only
 * there.
 */
export const undecided: Rule<'statement/undecided'> = {
  id: 'statement/undecided',
  title: 'poolsafe could not judge the statement',
  why: 'poolsafe cannot tell what the statement leaves on the server connection. Its text is too long or too deeply nested for PostgreSQL’s parser, or it names session features but is not SQL for PostgreSQL 18, or it runs code that no parser can read: a dynamic EXECUTE in a DO block, a language other than plpgsql, a text that is a parameter of query_to_xml()',
  instead:
    'send values as parameters or with COPY, write out the statements of a DO block, and run long scripts over a direct connection',
  mentionsDirect: true,
  onDirect: { instead: 'send values as parameters or with COPY, and write out the statements of a DO block' },
  strictOnly: true,
  names: [...textFunctions.keys(), ...queryParts.keys(), 'crosstab'],
  remedy: {
    pg: `// The values travel beside the text, which stays short.
await pool.query('INSERT INTO readings (value) SELECT * FROM unnest($1::float8[])', [values])`,
  },
  examples: { unsafe: [], safe: ['SELECT 1'] },
  call: {
    undecided: () => ({ does: 'unknown', state: 'setting', what: 'a statement that cannot be judged', when: 'always' }),
  },
}
