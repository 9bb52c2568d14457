import type { FuncCall, Node } from 'libpg-query'
import { rules, type RuleId } from '../rules/index.ts'
import type { Detected, Place, Rule } from '../rules/rule.ts'
import type { DetectedEffect } from './analysis.ts'
import { functionCall, type FunctionCall } from './function-call.ts'
import { executedChildren, type Visit } from './executed.ts'

type NodeHandler = (node: unknown, place: Place) => Detected

interface Handler<Input> {
  readonly rule: RuleId
  readonly run: (input: Input, place: Place) => Detected
}

const nodeHandlers = group<unknown>((rule) => Object.entries(rule.on ?? {}) as [string, NodeHandler][])
const functionHandlers = group<FunctionCall>((rule) => Object.entries(rule.functions ?? {}))

const whole: Place = { isWholeStatement: true }
const inside: Place = { isWholeStatement: false }

/** Every effect of one statement, wherever in it PostgreSQL would execute what causes it. */
export function detect(statement: Node): DetectedEffect[] {
  const effects: DetectedEffect[] = []
  // A stack of our own: the tree of a long expression is deeper than JavaScript's call stack.
  const pending: Visit[] = Object.entries(statement).map(([tag, node]) => ({ tag, node }))
  let place = whole
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { tag, node } = next
    for (const handler of nodeHandlers.get(tag) ?? []) collect(effects, handler, node, place)
    if (tag === 'FuncCall') detectFunction(effects, node, place)
    place = inside
    // From the last to the first, so that effects come in the order of the text.
    const children = executedChildren(tag, node)
    for (let index = children.length - 1; index >= 0; index--) pending.push(children[index] as Visit)
  }
  return effects
}

function detectFunction(effects: DetectedEffect[], node: FuncCall, place: Place): void {
  const call = functionCall(node)
  if (call === undefined) return
  for (const handler of functionHandlers.get(call.name) ?? []) collect(effects, handler, call, place)
}

function collect<Input>(effects: DetectedEffect[], { rule, run }: Handler<Input>, input: Input, place: Place): void {
  const detected = run(input, place)
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
