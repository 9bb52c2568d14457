import { redact } from '../sql/redact.ts'
import { nextToken } from '../sql/tokens.ts'
import { closest } from '../options.ts'
import { PoolsafeError } from '../errors.ts'
import { ruleById, type RuleId } from '../rules/index.ts'
import { isRuleId } from './exception.ts'

const word = 'poolsafe-allow'

const form = /^\s*poolsafe-allow(?![\w-])([^:]*)(?::([^]*))?$/

/** Characters of a rule's id. A message does not repeat anything else that stands in its place. */
const idLike = /^[\w/-]{1,40}$/

/** The exception that a comment in a text declares. */
export interface CommentException {
  readonly rules: readonly RuleId[]
  readonly reason: string
}

/** The exceptions that the comments of a text declare. */
export interface Comments {
  readonly exceptions: readonly CommentException[]
  /** The error of the first comment that is malformed. */
  readonly problem: InvalidCommentError | undefined
}

/** A comment starts an exception and lacks the rule or the reason. Thrown in strict mode, otherwise logged once. */
export class InvalidCommentError extends PoolsafeError {
  static override readonly name: string = 'InvalidCommentError'
  constructor(problem: string, sql: string) {
    const rows = [
      `a comment ${word} allows nothing: ${problem}`,
      `  statement  ${redact(sql)}`,
      `  instead    /* ${word} session/set: why it is safe here */, or the same behind --; several rules with commas between them`,
      '  docs       node_modules/@poolsafe/core/docs/exceptions.md',
    ]
    super(rows.join('\n'))
  }
}

const none: Comments = { exceptions: [], problem: undefined }

/** Reads `poolsafe-allow rule, rule: reason` in the comments of a text. */
export function readComments(sql: string): Comments {
  if (!sql.includes(word)) return none
  const exceptions: CommentException[] = []
  const problems: string[] = []
  for (const comment of commentsIn(sql)) {
    const read = readComment(comment)
    if (typeof read === 'string') problems.push(read)
    else if (read !== undefined) exceptions.push(read)
  }
  const [problem] = problems
  return { exceptions, problem: problem === undefined ? undefined : new InvalidCommentError(problem, sql) }
}

/** @returns the exception, or the error of a malformed one; `undefined` for any other comment */
function readComment(comment: string): CommentException | string | undefined {
  const found = form.exec(comment)
  if (found === null) return undefined
  const [, names = '', reason = ''] = found
  const ids = names.split(',').map((name) => name.trim())
  const wrong = ids.find((id) => !isRuleId(id))
  if (wrong === '') return 'it names no rule'
  if (wrong !== undefined)
    return idLike.test(wrong) ? noRule(wrong) : 'what stands before the colon is not the id of a rule'
  if (reason.trim() === '') return 'it gives no reason'
  return { rules: ids.filter(isRuleId), reason: reason.trim() }
}

function noRule(id: string): string {
  const meant = closest(id, Object.keys(ruleById))
  return `there is no rule '${id}'${meant === undefined ? '' : `: did you mean '${meant}'?`}`
}

/**
 * Returns the comments of a text, as PostgreSQL reads them, never a part of a literal or a name. After a string whose
 * end depends on a server setting, because of a backslash, no comment is read.
 */
function* commentsIn(sql: string): Generator<string> {
  for (let at = 0; at < sql.length;) {
    const { end } = nextTokenOfServer(sql, at)
    if (sql.startsWith('--', at)) yield sql.slice(at + 2, end)
    else if (sql.startsWith('/*', at) && sql.endsWith('*/', end)) yield sql.slice(at + 2, end - 2)
    at = end
  }
}

/** Redaction treats every Unicode space as white space. For PostgreSQL, a no-break space is a letter. */
function nextTokenOfServer(sql: string, at: number): { readonly end: number } {
  const letters = /[^\S \t\n\r\f\v]/.test(sql.charAt(at))
  if (!letters) return nextToken(sql, at)
  let end = at + 1
  while (end < sql.length && /[\w$\u0080-\uffff]/.test(sql.charAt(end))) end++
  return { end }
}
