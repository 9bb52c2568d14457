import type { ExecuteStmt, Node } from '@pgsql/types'
import { ruleById, rules, type RuleId } from '../rules/index.ts'
import type { Detected, Place, Rule } from '../rules/rule.ts'
import type { DetectedEffect } from './analysis.ts'
import { attributeCall, functionCall, isBuiltIn, stringConstant, type FunctionCall } from '../sql/function-call.ts'
import { textArgumentsOf } from '../rules/undecided.ts'
import { certainCalls, visitsOf, type Visit } from '../sql/executed.ts'
import { uncertain } from '../rules/effect.ts'

type NodeHandler = (node: unknown, place: Place) => Detected

interface Handler<Input> {
  readonly rule: RuleId
  readonly run: (input: Input, place: Place) => Detected
}

const nodeHandlers = group<unknown>((rule) => Object.entries(rule.on ?? {}) as [string, NodeHandler][])
const functionHandlers = group<FunctionCall>((rule) => Object.entries(rule.functions ?? {}))
const extensionHandlers = group<FunctionCall>((rule) => Object.entries(rule.extensionFunctions ?? {}))

/** Returns true for a function of PostgreSQL that a rule knows: it is no aggregate. */
export function isPlainFunction(name: string): boolean {
  return functionHandlers.has(name)
}

/** Functions that rules know return one value, except functions that only read. */
const isKnown = (call: FunctionCall): boolean => handlersOf(call).length > 0

const whole: Place = { isWholeStatement: true }
const inside: Place = { isWholeStatement: false }

/** The code that one statement runs in addition to its own. */
export class Calls {
  /** The names of prepared statements in EXECUTE, also inside EXPLAIN ANALYZE and CREATE TABLE AS. */
  readonly prepared: string[] = []
  /** The texts that functions run; `undefined` for a text that is not a constant. */
  readonly texts: (string | undefined)[] = []

  see({ tag, node }: Visit): void {
    if (tag === 'ExecuteStmt') this.prepared.push((node as ExecuteStmt).name ?? '')
    if (tag !== 'FuncCall') return
    this.texts.push(...textArgumentsOf(functionCall(node)).map(stringConstant))
  }
}

/** Returns the effects of the code that a statement stores: checks, defaults, queries of views and rules. */
export function detectStored(statement: Node): DetectedEffect[] {
  const effects: DetectedEffect[] = []
  for (const visit of visitsOf(statement, isPlainFunction))
    if (!visit.isExecuted) effects.push(...effectsAt({ ...visit, isExecuted: true }, inside))
  return effects.length === 0 ? effects : ofStatement(effects)
}

/**
 * Returns the effects of one statement, from every place that PostgreSQL executes or looks up.
 *
 * @param calls collects what the statement runs beside its own code
 */
export function detect(statement: Node, calls?: Calls): DetectedEffect[] {
  const effects: DetectedEffect[] = []
  const certain = certainCalls(statement, isKnown)
  let place = whole
  for (const visit of visitsOf(statement, isPlainFunction)) {
    const found = effectsAt(visit, place)
    effects.push(
      ...(place.isWholeStatement || found.length === 0 || certain.has(visit.node)
        ? found
        : found.map((effect) => uncertain(effect))),
    )
    if (visit.isExecuted) calls?.see(visit)
    place = inside
  }
  return effects.length === 0 ? effects : ofStatement(effects)
}

/** Code that is not executed is still looked up: `EXPLAIN SELECT * FROM pg_temp.t` fails without that table. */
function effectsAt({ tag, node, isExecuted }: Visit, place: Place): DetectedEffect[] {
  const found = (nodeHandlers.get(tag) ?? []).flatMap((handler) => run(handler, node, place))
  if (!isExecuted) return found.filter(({ does }) => does === 'needs')
  const call = tag === 'FuncCall' ? functionCall(node) : tag === 'A_Indirection' ? attributeCall(node) : undefined
  return call === undefined ? found : [...found, ...effectsOfCall(call, place)]
}

function effectsOfCall(call: FunctionCall, place: Place): DetectedEffect[] {
  return handlersOf(call).flatMap((handler) => run(handler, call, place))
}

function handlersOf(call: FunctionCall): Handler<FunctionCall>[] {
  const { name, schema } = call
  return [
    ...(isBuiltIn(call) ? (functionHandlers.get(name) ?? []) : []),
    ...(extensionHandlers.get(name) ?? []),
    ...(schema === undefined ? [] : (extensionHandlers.get(`${schema}.${name}`) ?? [])),
  ]
}

function run<Input>(handler: Handler<Input>, input: Input, place: Place): DetectedEffect[] {
  const detected = handler.run(input, place)
  if (detected === undefined) return []
  return [detected].flat().map((effect) => Object.assign({ rule: handler.rule }, effect))
}

/** Lets each rule drop effects when it sees all its effects of the statement. */
function ofStatement(effects: readonly DetectedEffect[]): DetectedEffect[] {
  const kept = new Set<unknown>()
  for (const rule of new Set(effects.map((effect) => effect.rule))) {
    const own = effects.filter((effect) => effect.rule === rule)
    for (const effect of ruleById[rule].ofStatement?.(own) ?? own) kept.add(effect)
  }
  return effects.filter((effect) => kept.has(effect))
}

function group<Input>(
  entriesOf: (rule: Rule<RuleId>) => [string, Handler<Input>['run']][],
): Map<string, Handler<Input>[]> {
  const grouped = new Map<string, Handler<Input>[]>()
  for (const rule of rules) {
    for (const [key, handler] of entriesOf(rule)) {
      grouped.set(key, [...(grouped.get(key) ?? []), { rule: rule.id, run: handler }])
    }
  }
  return grouped
}
