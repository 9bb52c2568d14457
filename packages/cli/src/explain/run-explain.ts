import type { PoolerProfile, Rule } from '@poolsafe/core'
import { ruleById, type RuleId } from '@poolsafe/core'
import { chosenCatalog } from '../catalog/chosen-catalog.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { everyPooler, loadConfig, poolerNamed, unknownName, UsageError } from '@poolsafe/config'
import { jsonReport } from '../schema-url.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatRule } from './format-rule.ts'
import { formatVerdicts } from './format-verdicts.ts'
import { judgeEverywhere } from './verdicts.ts'

/** The request of `poolsafe explain`. */
export interface ExplainRequest {
  /** The SQL, or the id of a rule; standard input if it is absent. */
  readonly sql?: string | undefined
  /** Names of poolers. @default all */
  readonly pooler?: readonly string[] | undefined
  /** The file that `poolsafe audit --write` has written. @default that of the configuration */
  readonly catalog?: string | undefined
  readonly config?: string | undefined
  readonly json?: boolean | undefined
  readonly style: Style
}

/** @throws UsageError without a text, for an unknown pooler, for an unknown rule and for a wrong configuration */
export async function runExplain(request: ExplainRequest, terminal: Terminal): Promise<ExitCode> {
  const { style, json = false } = request
  const text = await textOf(request, terminal)
  const rule = ruleOf(text)
  if (rule !== undefined) {
    terminal.out(json ? `${JSON.stringify(plain(rule), undefined, 2)}\n` : formatRule(rule, style, terminal.columns))
    return exitCodes.clean
  }
  const { guard = {} } = (await loadConfig(terminal.cwd, request.config)).config
  const catalog = chosenCatalog(request.catalog, guard, terminal.cwd)
  const verdicts = judgeEverywhere(text, profilesOf(request.pooler), catalog)
  terminal.out(json ? jsonReport('explain', verdicts) : formatVerdicts(verdicts, style, terminal.columns))
  return verdicts.findings.length === 0 ? exitCodes.clean : exitCodes.findings
}

async function textOf({ sql }: ExplainRequest, { isInputInteractive, readInput }: Terminal): Promise<string> {
  if (sql === undefined && isInputInteractive)
    throw new UsageError("explain needs a text: poolsafe explain 'SET search_path = tenant'")
  const text = sql === undefined || sql === '-' ? await readInput() : sql
  if (text.trim() === '')
    throw new UsageError("explain: the text is empty; give SQL or the id of a rule: poolsafe explain 'SET a.b = 1'")
  return text
}

/** @throws UsageError for a text in the form of an id that no rule has */
function ruleOf(text: string): Rule | undefined {
  const id = text.trim()
  if (Object.hasOwn(ruleById, id)) return ruleById[id as RuleId]
  if (!/^(?:session|transaction|connection|statement)\/[a-z-]+$/.test(id)) return undefined
  throw unknownName('explain', 'rule', id, Object.keys(ruleById))
}

function profilesOf(names: readonly string[] | undefined): PoolerProfile[] {
  return names === undefined ? everyPooler() : names.map((name) => poolerNamed(name))
}

function plain({ id, title, why, instead, remedy, examples }: Rule): object {
  return { id, title, why, instead, remedy, examples }
}
