import { ownCopy } from '../../sql/own-copy.ts'
import { isRepeatable } from './repeatable.ts'
import { kindOf, statementKinds, type StatementKind } from './statement-kind.ts'
import { summaryOf } from './summary.ts'

const longestShown = 300

/** All statements that differ only in literals, parameters' numbers, comments, white space and the lengths of lists. */
export class Shape {
  /** 16 hexadecimal digits, the same in every process and in every 0.x release. */
  readonly fingerprint: string
  /** The statement without literals and with lists cut to one item; at most 300 characters. */
  readonly statement: string
  /** `SELECT orders` */
  readonly summary: string
  readonly kind: StatementKind
  /** The place of the kind among all kinds. */
  readonly kindNumber: number
  /** The last WHERE of a statement that is cut; at most 300 characters. */
  readonly condition: string
  /** True if poolsafe reports it when a request sends it often. */
  readonly isRepeatable: boolean
  /** Number of answers, including failures. */
  count = 0
  errors = 0
  sumMillis = 0
  maxMillis = 0
  /** The call site of the first statement, or of the last one that was reported. */
  place: string | undefined = undefined
  /** True after a report: from then on, call sites are captured. */
  isStruck = false
  /** True if one request sent it so often that call sites are captured. */
  wasRepeated = false
  /**
   * In this many further requests every call site is captured, to find out whether one of them repeats it too often.
   */
  looks = 3
  /** True while the table of shapes holds it. */
  isKept = false

  /** @param form of `formOf` */
  constructor(form: string) {
    // An import would load `node:crypto` at start, which takes 4 ms.
    this.fingerprint = process.getBuiltinModule('node:crypto').hash('sha256', canonical(form), 'hex').slice(0, 16)
    const isCut = form.length > longestShown
    // In V8, a slice keeps its whole source string alive, and so does a concatenation.
    this.statement = isCut ? `${ownCopy(form.slice(0, longestShown))}…` : form
    this.condition = isCut ? ownCopy(lastCondition(form)) : ''
    this.summary = ownCopy(summaryOf(form))
    this.kind = kindOf(form)
    this.kindNumber = statementKinds.indexOf(this.kind)
    this.isRepeatable = isRepeatable(this.kind, form)
  }
}

/** Returns the text from its last WHERE on. */
function lastCondition(form: string): string {
  const at = form.toLowerCase().lastIndexOf(' where ')
  return at === -1 ? '' : form.slice(at, at + longestShown)
}

const quotedOrNot = /"[^"]*"|[^"]+/g
const aroundSigns = / ?([^\w\s?"$]) ?/g

/**
 * Normalizes what does not change a statement: the case of words and blanks beside signs. Quoted names stay as they
 * are.
 */
function canonical(form: string): string {
  return form.replace(quotedOrNot, (part) =>
    part.startsWith('"') ? part : part.toLowerCase().replace(aroundSigns, '$1'),
  )
}
