import { backend, fieldsOf, headerBytes } from './protocol.ts'

/** An answer of the server that reports a missing piece of session state. */
export interface Complaint {
  /** SQLSTATE. */
  readonly code: string
  /** The function in PostgreSQL's source that raised it; independent of the language. */
  readonly routine: string
}

/** Maximum number of reported statements of one transaction. */
const maxTexts = 100

/** Bytes of a statement's parameters that are searched for names of settings. */
const maxLookedThrough = 4_096

/**
 * A text that may name a setting in a literal or a parameter: a function such as `set_config`, or one that wraps it;
 * SHOW.
 */
const namesSettings = /\b(?:set_\w+|current_setting)"?\s*\(|\bshow\s/i

/** Names of custom settings. */
const settingName = /[a-z_][\w$]*(?:\.[a-z_][\w$]*)+/gi

/** The statements of a client and the errors of the server in one transaction. */
export class TransactionRecord {
  /** Unchanged; never shown without redaction. */
  readonly texts: string[] = []
  readonly complaints: Complaint[] = []
  /**
   * Possible names of settings. The names in SET are among the effects of the text.
   */
  readonly settingNames: Set<string> = new Set()
  /** True if a named statement of the protocol was used. */
  usesNames = false
  /** True if the server has answered with an error. */
  hasFailed = false
  /** True if the last text names settings. */
  #namesSettings = false

  add(sql: string): void {
    if (this.texts.length < maxTexts && !this.texts.includes(sql)) this.texts.push(sql)
    this.#namesSettings = namesSettings.test(sql)
    this.#collectNames(sql)
  }

  /** In `SELECT set_config($1, $2, false)` the name is a parameter. Parameters of other texts are not examined. */
  bound(bytes: Buffer): void {
    this.#collectNames(bytes.toString('latin1', headerBytes, maxLookedThrough))
  }

  #collectNames(text: string): void {
    if (!this.#namesSettings) return
    for (const [name] of text.matchAll(settingName)) this.settingNames.add(name.toLowerCase())
  }

  /** @param type of an ErrorResponse or a NoticeResponse */
  complained(type: number, bytes: Buffer): void {
    const fields = fieldsOf(bytes)
    const isWarning = fields.get('V') === 'WARNING'
    if (type === backend.error) this.hasFailed = true
    if (type === backend.error || isWarning)
      this.complaints.push({ code: fields.get('C') ?? '', routine: fields.get('R') ?? '' })
  }
}
