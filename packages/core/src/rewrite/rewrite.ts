import type { Analysis, Step } from '../analyze/analysis.ts'
import { parseAndAnalyze } from '../analyze/analyze.ts'
import { wordsOf } from '../analyze/mentions.ts'
import { isPlainFunction } from '../analyze/detect.ts'
import { ruleById, type RuleId } from '../rules/index.ts'
import type { Change, Edit, LockChange, Repaired, TextToken } from '../rules/repair.ts'
import { visitsOf } from '../sql/executed.ts'
import { ParseRefused, ParseTooComplex } from '../sql/parser.ts'
import { statementsOf, type StatementText } from '../sql/statement-text.ts'
import { applyEdits, inOrder } from './edits.ts'
import { isSameTree } from './same-tree.ts'

/** The rules whose effects are to be repaired, by the index of the statement in its text. */
export type Wanted = ReadonlyMap<number, ReadonlySet<RuleId>>

/** A repair of one statement. */
export interface StatementRepair {
  readonly at: number
  readonly rule: RuleId
  readonly how: string
  readonly locks: readonly LockChange[]
}

/** A text, and what is sent in its place. */
export interface Rewriting {
  readonly sql: string
  /** In the order of the text. */
  readonly edits: readonly Edit[]
  readonly repairs: readonly StatementRepair[]
  /** The analysis of the new text. */
  readonly analysis: Analysis | undefined
  /** Why the effects of a rule were not repaired. */
  readonly reasons: ReadonlyMap<RuleId, string>
}

/** The reason for a rule that declares none. */
const noForm = 'PostgreSQL has no form of it that ends with its transaction'

/**
 * Rewrites a text so that its statements leave nothing after their transaction. The text is changed at the places that
 * PostgreSQL's own scanner names, and nowhere else. The result counts only if PostgreSQL's grammar reads the expected
 * tree in it, and if its analysis no longer has the effects.
 */
export function rewrite(sql: string, wanted: Wanted): Rewriting {
  const reasons = new Map<RuleId, string>()
  const unchanged = (): Rewriting => ({ sql, edits: [], repairs: [], analysis: undefined, reasons })
  const refuseAll = (reason: string): Rewriting => {
    for (const rules of wanted.values()) for (const rule of rules) reasons.set(rule, reason)
    return unchanged()
  }
  // The driver would send another text than the one that is parsed here.
  if (/\p{Surrogate}/u.test(sql) || sql.includes('\0')) return refuseAll('the text is no valid Unicode')
  let open = wanted
  try {
    for (;;) {
      const attempt = attemptAt(sql, open, reasons)
      if (attempt === undefined) return unchanged()
      if (attempt === 'unproved') return refuseAll('poolsafe could not prove that the new text differs in nothing else')
      const remaining = attempt.repairs.filter((repair) => isLeft(attempt.analysis, repair))
      if (remaining.length === 0) return { ...attempt, reasons }
      for (const { rule } of remaining) reasons.set(rule, ruleById[rule].unrepairable ?? noForm)
      open = without(open, remaining)
    }
  } catch (error) {
    if (error instanceof ParseRefused || error instanceof ParseTooComplex)
      return refuseAll('PostgreSQL 18 cannot parse the text')
    throw error
  }
}

/** Returns what is wanted without these repairs. */
export function without(wanted: Wanted, repairs: readonly StatementRepair[]): Wanted {
  const isOut = (at: number, rule: RuleId): boolean => repairs.some((each) => each.at === at && each.rule === rule)
  return new Map([...wanted].map(([at, rules]) => [at, new Set([...rules].filter((rule) => !isOut(at, rule)))]))
}

type Attempt = Omit<Rewriting, 'reasons' | 'analysis'> & { readonly analysis: Analysis }

function attemptAt(sql: string, wanted: Wanted, reasons: Map<RuleId, string>): Attempt | 'unproved' | undefined {
  const statements = statementsOf(sql)
  const reason = reasonToKeep(statements)
  const repairs: StatementRepair[] = []
  const changes: Change[] = []
  for (const [at, rules] of wanted) {
    for (const rule of rules) {
      const repaired = reason ?? repairOf(rule, statements[at])
      if (typeof repaired === 'string') reasons.set(rule, repaired)
      else if (statements.length > 1 && repaired.some(triesLock))
        reasons.set(rule, 'a lock is tried in a text of several statements')
      else {
        changes.push(...repaired)
        repairs.push({ at, rule, how: howOf(repaired), locks: repaired.flatMap(({ locks = [] }) => locks) })
      }
    }
  }
  const edits = inOrder(changes.flatMap((change) => change.edits))
  if (repairs.length === 0) return undefined
  if (edits === undefined) return 'unproved'
  const changed = applyEdits(sql, edits)
  for (const { node, fields } of changes.flatMap(({ tree }) => tree)) Object.assign(node, fields)
  if (!isProved(statements, changed)) return 'unproved'
  return { sql: changed, edits, repairs, analysis: parseAndAnalyze(changed) }
}

function isProved(expected: readonly StatementText[], changed: string): boolean {
  try {
    const found = statementsOf(changed)
    return isSameTree(
      expected.map(({ node }) => node),
      found.map(({ node }) => node),
    )
  } catch (error) {
    if (error instanceof ParseRefused) return false
    throw error
  }
}

/** The answer decides what the unlock is answered, so it is read. Of several answers, drivers may give one. */
function triesLock({ locks = [] }: Change): boolean {
  return locks.some(({ tried }) => tried !== undefined)
}

function howOf(changes: readonly Change[]): string {
  return [...new Set(changes.map(({ how }) => how))].join(', ')
}

/** The functions and views that show a statement of the same session the text that the server has. */
const showsText = /^(current_query|pg_stat_activity|pg_stat_get_activity|pg_stat_get_backend_activity)$/

/**
 * Returns why no statement of a text is repaired: one of them sees the whole text, or a server may read it otherwise.
 */
function reasonToKeep(statements: readonly StatementText[]): string | undefined {
  const shown = statements.flatMap(({ node }) => wordsOf(node)).find((word) => showsText.test(word))
  if (shown !== undefined) return `it reads ${shown}, which would show the new text`
  return statements.some(({ tokens }) => tokens.some(endsElsewhere))
    ? 'a server with standard_conforming_strings = off reads a backslash before a quote otherwise'
    : undefined
}

/** With `standard_conforming_strings = off`, such a literal ends at another quote, and what follows is no statement. */
function endsElsewhere({ text }: TextToken): boolean {
  return /^(?:n?'|u&')/i.test(text) && text.includes(String.raw`\'`)
}

/** All changes of a rule in one statement, or the reason why there is none: half a repair is none. */
function repairOf(id: RuleId, text: StatementText | undefined): Change[] | string {
  const { repair, unrepairable = noForm } = ruleById[id]
  if (repair === undefined || text === undefined) return unrepairable
  if ('ExplainStmt' in text.node) return 'EXPLAIN would show the new text'
  if ('DeclareCursorStmt' in text.node) return 'pg_cursors would show the new text'
  if ('PrepareStmt' in text.node) return 'pg_prepared_statements would show the new text'
  const changes: Change[] = []
  for (const visit of visitsOf(text.node, isPlainFunction)) {
    if (!visit.isExecuted) continue
    const handler = (repair.on as Readonly<Record<string, Handler | undefined>>)[visit.tag]
    const found = handler?.(visit.node, text)
    if (typeof found === 'string') return found
    if (found !== undefined) changes.push(found)
  }
  return changes.length === 0 ? unrepairable : changes
}

type Handler = (node: object, text: StatementText) => Repaired

/** Returns true if the new text still has an effect of the rule in this statement. */
function isLeft({ steps }: Analysis, { at, rule }: StatementRepair): boolean {
  return steps.some((step) => step.at === at && step.effects.some((effect) => effect.rule === rule && lasts(effect)))
}

function lasts({ does, when }: Step['effects'][number]): boolean {
  return (does === 'leaves' || does === 'clears' || does === 'needs') && (when === 'always' || when === 'transaction')
}
