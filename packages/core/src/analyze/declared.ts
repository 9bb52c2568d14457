import { unlessRefused } from '../sql/parser.ts'
import { tokensOf, type TextToken } from '../sql/statement-text.ts'

/** The facts that the text of a PL/pgSQL routine states and its parse tree leaves out. */
export class DeclaredText {
  readonly #body: string
  readonly #tokens: readonly TextToken[]

  constructor(body: string) {
    this.#body = body
    this.#tokens = unlessRefused(() => tokensOf(body)) ?? []
  }

  /** Other names of parameters, with their number: `v ALIAS FOR $1`. */
  aliases(): ReadonlyMap<string, number> {
    const found = new Map<string, number>()
    for (const [at, name] of this.#tokens.entries()) {
      const [alias, its, parameter] = this.#tokens.slice(at + 1, at + 4)
      const isAlias = alias?.text.toLowerCase() === 'alias' && its?.keyword === 'for'
      if (isAlias && parameter?.text.startsWith('$') === true) found.set(nameOf(name), Number(parameter.text.slice(1)))
    }
    return found
  }

  /** Returns the value in the declaration of a variable: `v type := value;`. */
  valueOf(variable: string): string | undefined {
    for (const [at, name] of this.#tokens.entries()) {
      if (nameOf(name) !== variable) continue
      const sign = this.#signAfter(at)
      if (sign > at + 1) return this.#body.slice(this.#tokens[sign]?.to, this.#tokens[this.#endAfter(sign)]?.from)
    }
    return undefined
  }

  /** The index of `:=`, `=` or DEFAULT; -1 if the declaration ends before it. Behind the name itself, it assigns. */
  #signAfter(at: number): number {
    const end = this.#endAfter(at)
    return this.#tokens.findIndex(
      ({ text, keyword }, index) =>
        index > at && index < end && (text === ':=' || text === '=' || keyword === 'default'),
    )
  }

  #endAfter(at: number): number {
    const end = this.#tokens.findIndex(({ text }, index) => index > at && text === ';')
    return end < 0 ? this.#tokens.length : end
  }
}

/** A name without quotes is in lower case. */
function nameOf({ text }: TextToken): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase()
}
