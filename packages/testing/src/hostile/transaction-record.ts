import { backend, fieldsOf, headerBytes } from './protocol.ts'

/** An answer of the server that tells of a missing piece of session state. */
export interface Complaint {
  /** SQLSTATE. */
  readonly code: string
  /** The function of PostgreSQL's source that said it; the same in every language. */
  readonly routine: string
}

/** As many statements as are told of one transaction. */
const maxTexts = 100

/** As much of a statement's parameters as is looked through for names of settings, in bytes. */
const maxLookedThrough = 4_096

/**
 * A text that may name a setting in a literal or a parameter: a function such as `set_config`, or one that wraps it;
 * SHOW.
 */
const namesSettings = /\b(?:set_\w+|current_setting)"?\s*\(|\bshow\s/i

/** Names of settings that applications and extensions make up. */
const settingName = /[a-z_][\w$]*(?:\.[a-z_][\w$]*)+/gi

/** What one client said, and what the server complained of, in one transaction. */
export class TransactionRecord {
  /** As they were sent; never shown as they are. */
  readonly texts: string[] = []
  readonly complaints: Complaint[] = []
  /**
   * What looks like the name of a setting, where settings are named. What SET names is among the effects of the text.
   */
  readonly settingNames: Set<string> = new Set()
  /** A named statement of the protocol was used. */
  usesNames = false
  /** The server has answered with an error. */
  hasFailed = false
  /** The text that was sent last names settings. */
  #namesSettings = false

  add(sql: string): void {
    if (this.texts.length < maxTexts && !this.texts.includes(sql)) this.texts.push(sql)
    this.#namesSettings = namesSettings.test(sql)
    this.#collectNames(sql)
  }

  /** `SELECT set_config($1, $2, false)`: the name is among the parameters. Of no other text are they looked at. */
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
