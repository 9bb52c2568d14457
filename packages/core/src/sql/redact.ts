import { SettingValue } from './setting-value.ts'
import { nextToken } from './tokens.ts'

const maxShown = 300

/**
 * The statement for people: every literal becomes `?`, comments go, white space is folded, and what is longer than 300
 * characters is cut. Where quoting is ambiguous (a backslash before a quote, whose meaning depends on a server
 * setting) or unfinished, the rest is left out, since a literal must never get into a log.
 *
 * @param maxLength the length at which it is cut instead
 * @param next reads the tokens: {@link nextToken}, or what takes more for one
 */
export function redact(sql: string, maxLength: number = maxShown, next: typeof nextToken = nextToken): string {
  const value = new SettingValue()
  let shown = ''
  // This does not read the text itself: V8 would have to copy the text so far for each token.
  let endsBlank = true
  for (let at = 0; at < sql.length && shown.length <= maxLength;) {
    const { text, end } = next(sql, at)
    const wasInValue = value.isOpen
    value.next(text)
    if ((!wasInValue || !value.isOpen) && !(endsBlank && text === ' ')) {
      shown += text
      endsBlank = text === ' '
    }
    if (value.isOpen && !wasInValue) {
      shown += ' ?'
      endsBlank = false
    }
    at = end
  }
  return shown.length > maxLength ? `${shown.slice(0, maxLength)}…` : shown.trim()
}
