import type { FuncCall, Node } from 'libpg-query'
import type { Detected, Rule } from '../rules/rule.ts'
import type { RuleId } from '../rules/index.ts'
import { rules } from '../rules/index.ts'
import type { DetectedEffect } from './analysis.ts'
import { functionCall, type FunctionCall } from './function-call.ts'
import { executedChildren, type Visit } from './executed.ts'

type NodeHandler = (node: unknown) => Detected

interface Handler<Input> {
  readonly rule: RuleId
  readonly run: (input: Input) => Detected
}

const nodeHandlers = group<unknown>((rule) => Object.entries(rule.on ?? {}) as [string, NodeHandler][])
const functionHandlers = group<FunctionCall>((rule) => Object.entries(rule.functions ?? {}))

/** Every effect of one statement, wherever in it PostgreSQL would execute what causes it. */
export function detect(statement: Node): DetectedEffect[] {
  const effects: DetectedEffect[] = []
  // A stack of our own: the tree of a long expression is deeper than JavaScript's call stack.
  const pending: Visit[] = Object.entries(statement).map(([tag, node]) => ({ tag, node }))
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { tag, node } = next
    for (const handler of nodeHandlers.get(tag) ?? []) collect(effects, handler, node)
    if (tag === 'FuncCall') detectFunction(effects, node)
    // From the last to the first, so that effects come in the order of the text.
    const children = executedChildren(tag, node)
    for (let index = children.length - 1; index >= 0; index--) pending.push(children[index] as Visit)
  }
  return effects
}

function detectFunction(effects: DetectedEffect[], node: FuncCall): void {
  const call = functionCall(node)
  if (call === undefined) return
  for (const handler of functionHandlers.get(call.name) ?? []) collect(effects, handler, call)
}

function collect<Input>(effects: DetectedEffect[], { rule, run }: Handler<Input>, input: Input): void {
  const detected = run(input)
  if (detected === undefined) return
  for (const effect of Array.isArray(detected) ? detected : [detected]) effects.push({ ...effect, rule })
}

function group<Input>(entriesOf: (rule: Rule<RuleId>) => [string, Handler<Input>['run']][]): Map<string, Handler<Input>[]> {
  const grouped = new Map<string, Handler<Input>[]>()
  for (const rule of rules) {
    for (const [key, run] of entriesOf(rule)) {
      grouped.set(key, [...(grouped.get(key) ?? []), { rule: rule.id, run }])
    }
  }
  return grouped
}
