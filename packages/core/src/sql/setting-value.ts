/** Statements in which SET gives a setting its value; in others it gives one to a column. */
const assigning: ReadonlySet<string> = new Set(['set', 'alter', 'create'])

/**
 * Follows the tokens of a text to where a setting gets its value, which may be a bare word that no quote marks as a
 * literal: `SET app.token = secret`, `ALTER ROLE r SET x TO a, b`, `SET TIME ZONE somewhere`.
 */
export class SettingValue {
  /** True if the last token belongs to a value, or stands right before one. */
  isOpen = false
  #statement = ''
  #last = ''
  #inName = false
  /** A statement in which SET, if it is there, gives no setting a value. */
  #isOther = false

  /** White space is one token, a blank. */
  next(token: string): void {
    if (token === ' ' || (this.#isOther && token !== ';')) return
    const word = token.toLowerCase()
    if (word === ';') this.#end()
    else if (this.#statement === '') this.#begin(word)
    if (this.#inName) this.#readName(word)
    else if (word === 'set' && assigning.has(this.#statement)) this.#inName = true
    this.#last = word
  }

  #begin(word: string): void {
    this.#statement = word
    this.#isOther = !assigning.has(word)
  }

  #end(): void {
    this.isOpen = false
    this.#isOther = false
    this.#inName = false
    this.#statement = ''
  }

  #readName(word: string): void {
    if (word === '=' || word === 'to' || (word === 'zone' && this.#last === 'time')) this.isOpen = true
    else if (/^[\w."$\u0080-\uffff]/.test(word)) return
    this.#inName = false
  }
}
