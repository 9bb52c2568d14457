import { SettingValue } from './setting-value.ts'
import { nextToken } from './tokens.ts'

const maxShown = 300

/**
 * The statement for people: every literal becomes `?`, comments go, white space is folded, and what is longer than 300
 * characters is cut. Where quoting is ambiguous (a backslash before a quote, whose meaning depends on a server
 * setting) or unfinished, the rest is left out, since a literal must never get into a log.
 *
 * @param maxLength the length at which it is cut instead
 */
export function redact(sql: string, maxLength: number = maxShown): string {
  const value = new SettingValue()
  let shown = ''
  for (let at = 0; at < sql.length && shown.length <= maxLength;) {
    const token = nextToken(sql, at)
    const wasInValue = value.isOpen
    value.next(token.text)
    if (!wasInValue || !value.isOpen) shown = append(shown, token.text)
    if (value.isOpen && !wasInValue) shown += ' ?'
    at = token.end
  }
  return shown.length > maxLength ? `${shown.slice(0, maxLength)}…` : shown.trim()
}

function append(shown: string, text: string): string {
  return text === ' ' && (shown === '' || shown.endsWith(' ')) ? shown : shown + text
}
