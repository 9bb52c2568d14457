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

/** Names of settings that applications and extensions make up. */
const settingName = /[a-z_][\w$]*(?:\.[a-z_][\w$]*)+/gi

/** What one client said, and what the server complained of, in one transaction. */
export class TransactionRecord {
  /** As they were sent; never shown as they are. */
  readonly texts: string[] = []
  readonly complaints: Complaint[] = []
  /** What looks like the name of a setting. */
  readonly settingNames: Set<string> = new Set()
  /** A named statement of the protocol was used. */
  usesNames = false
  /** The server has answered with an error. */
  hasFailed = false

  add(sql: string): void {
    if (this.texts.length < maxTexts && !this.texts.includes(sql)) this.texts.push(sql)
    this.#collectNames(sql)
  }

  /** `SELECT set_config($1, $2, false)`: the name is among the parameters. */
  bound(bytes: Buffer): void {
    this.#collectNames(bytes.toString('latin1', headerBytes, maxLookedThrough))
  }

  #collectNames(text: string): void {
    for (const [name] of text.matchAll(settingName)) this.settingNames.add(name.toLowerCase())
  }

  /** @param type of an ErrorResponse or a NoticeResponse */
  complained(type: number, bytes: Buffer): void {
    const fields = fieldsOf(bytes)
    const isWarning = fields.get('V') === 'WARNING'
    if (type === backend.error) this.hasFailed = true
    if (type === backend.error || isWarning) this.complaints.push({ code: fields.get('C') ?? '', routine: fields.get('R') ?? '' })
  }
}
