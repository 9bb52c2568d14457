import { redact } from '../../sql/redact.ts'

/** Lines of a plan that are shown. */
const mostLines = 30
/** Characters of a condition that are shown. */
const longestCondition = 160

/** Conditions as PostgreSQL prints them; each is redacted. */
const conditions = [
  'Index Cond',
  'Recheck Cond',
  'TID Cond',
  'Hash Cond',
  'Merge Cond',
  'Join Filter',
  'Filter',
  'One-Time Filter',
] as const
const lists = ['Sort Key', 'Group Key'] as const

/** One node of `EXPLAIN (FORMAT JSON)`. Only the properties named here are read. */
type PlanNode = Readonly<Record<string, unknown>>

/**
 * Formats a plan as an indented tree: each node with its relation, the estimates of PostgreSQL, and its conditions
 * without literals.
 *
 * @param answer of `EXPLAIN (FORMAT JSON)`, parsed by pg or as text
 * @returns `undefined` if the answer is not a plan
 */
export function describePlan(answer: unknown): string | undefined {
  const root: unknown = typeof answer === 'string' ? JSON.parse(answer) : answer
  const plan = Array.isArray(root) ? (root[0] as PlanNode | undefined)?.Plan : undefined
  if (!isNode(plan)) return undefined
  const lines: string[] = []
  describeNode(plan, 0, lines)
  const left = lines.length - mostLines
  return [...lines.slice(0, mostLines), ...(left > 0 ? [`… and ${left} more lines`] : [])].join('\n')
}

function describeNode(node: PlanNode, depth: number, lines: string[]): void {
  const indent = '  '.repeat(depth)
  lines.push(
    `${indent}${headOf(node)} (cost ${numberOf(node, 'Startup Cost')}..${numberOf(node, 'Total Cost')}, rows ${numberOf(node, 'Plan Rows')})`,
  )
  for (const name of conditions) {
    const text = node[name]
    if (typeof text === 'string') lines.push(`${indent}  ${name}: ${redact(text, longestCondition)}`)
  }
  for (const name of lists) {
    const texts = node[name]
    if (Array.isArray(texts)) lines.push(`${indent}  ${name}: ${redact(texts.join(', '), longestCondition)}`)
  }
  const children = Array.isArray(node.Plans) ? (node.Plans as unknown[]).filter(isNode) : []
  for (const child of children) describeNode(child, depth + 1, lines)
}

/** `Hash Left Join`, `Index Scan using orders_pkey on orders o` */
function headOf(node: PlanNode): string {
  const type = nameOf(node, 'Node Type') ?? 'node'
  const join = nameOf(node, 'Join Type')
  const index = nameOf(node, 'Index Name')
  const on = nameOf(node, 'Relation Name') ?? nameOf(node, 'CTE Name') ?? nameOf(node, 'Function Name')
  const alias = nameOf(node, 'Alias')
  return [
    join === undefined || join === 'Inner' ? type : type.replace(/ ?(?:Join|Loop)?$/, (word) => ` ${join}${word}`),
    index === undefined ? '' : `using ${index}`,
    on === undefined ? '' : `on ${on}`,
    on === undefined || alias === undefined || alias === on ? '' : alias,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function nameOf(node: PlanNode, key: string): string | undefined {
  const value = node[key]
  // A quoted name may contain a line break.
  return typeof value === 'string' ? value.replaceAll(/\p{Cc}/gu, ' ') : undefined
}

function numberOf(node: PlanNode, key: string): string {
  const value = node[key]
  return typeof value === 'number' ? String(value) : '?'
}

function isNode(value: unknown): value is PlanNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
