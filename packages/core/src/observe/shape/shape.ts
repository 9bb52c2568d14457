import { ownCopy } from '../../sql/own-copy.ts'
import { isRepeatable } from './repeatable.ts'
import { kindOf, type StatementKind } from './statement-kind.ts'
import { summaryOf } from './summary.ts'

const longestShown = 300

/** All statements that differ only in literals, parameters' numbers, comments, white space and the lengths of lists. */
export class Shape {
  /** 16 hexadecimal digits, the same in every process and release of 0.x. */
  readonly fingerprint: string
  /** Without literals, its lists cut to one item; at most 300 characters. */
  readonly statement: string
  /** `SELECT orders` */
  readonly summary: string
  readonly kind: StatementKind
  /** Of a statement that is cut, its last WHERE: at most 300 characters. */
  readonly condition: string
  /** Whether sending it often is worth a word. */
  readonly isRepeatable: boolean
  /** How often it was answered, failures included. */
  count = 0
  errors = 0
  sumMillis = 0
  maxMillis = 0
  /** The line that sent it when it was first seen, or when it was last reported. */
  place: string | undefined = undefined
  /** It was reported: from now on its senders' lines are taken. */
  isStruck = false
  /** One request has sent it so often that its lines are worth taking. */
  wasRepeated = false
  /** In how many more requests that repeat it every line is taken, to know whether it is repeated too often. */
  looks = 3
  /** Whether the table of shapes holds it. */
  isKept = false

  /** @param form of `formOf` */
  constructor(form: string) {
    // An import would load `node:crypto` before anything is sent, which takes 4 ms.
    this.fingerprint = process.getBuiltinModule('node:crypto').hash('sha256', canonical(form), 'hex').slice(0, 16)
    const isCut = form.length > longestShown
    // A slice of a long text keeps all of it, and so does what is put together with one.
    this.statement = isCut ? `${ownCopy(form.slice(0, longestShown))}…` : form
    this.condition = isCut ? ownCopy(lastCondition(form)) : ''
    this.summary = ownCopy(summaryOf(form))
    this.kind = kindOf(form)
    this.isRepeatable = isRepeatable(this.kind, form)
  }
}

/** From its last WHERE on. */
function lastCondition(form: string): string {
  const at = form.toLowerCase().lastIndexOf(' where ')
  return at === -1 ? '' : form.slice(at, at + longestShown)
}

const quotedOrNot = /"[^"]*"|[^"]+/g
const aroundSigns = / ?([^\w\s?"$]) ?/g

/**
 * What does not change a statement is not in its fingerprint: the case of words, blanks beside signs. Quoted names
 * count as they are.
 */
function canonical(form: string): string {
  return form.replace(quotedOrNot, (part) =>
    part.startsWith('"') ? part : part.toLowerCase().replace(aroundSigns, '$1'),
  )
}
