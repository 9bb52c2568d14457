import { endOfComment } from '../../packages/core/src/sql/blanks.ts'

/** The text between the parts of one string: a line end, and blanks and line comments around it. */
const continued = String.raw`(?:[ \t\f\v]|--[^\r\n]*)*[\r\n](?:[ \t\n\r\f\v]|--[^\r\n]*[\r\n])*'`
const rest = String.raw`(?:[^'\\]|\\[^]|'')*(?:'|\\?$)`
const letter = String.raw`[A-Za-z_\x80-\uffff]`

/** The parts of a text that matter here. `plain` is a string that reads backslashes according to the setting. */
const parts = new RegExp(
  [
    String.raw`(?<comment>/\*)`,
    String.raw`--[^\r\n]*`,
    String.raw`"[^"]*(?:"|$)`,
    String.raw`(?<tag>\$(?:${letter}[\w\x80-\uffff]*)?\$)[^]*?(?:\k<tag>|$)`,
    String.raw`(?:[eE]|[uU]&)'${rest}(?:${continued}${rest})*`,
    String.raw`(?:[xXbB])'[^']*(?:'|$)`,
    String.raw`(?:${letter}|\d)[\w$\x80-\uffff]*`,
    String.raw`(?<plain>'${rest}(?:${continued}${rest})*)`,
  ].join('|'),
  'gy',
)

/**
 * The text as PostgreSQL reads it with `standard_conforming_strings = off`: there a backslash escapes in every string.
 * Our parser has no such setting, so the strings are marked as what they are then (`E'…'`).
 */
export function asUnescapedStrings(sql: string): string {
  let written = ''
  for (let at = 0; at < sql.length;) {
    parts.lastIndex = at
    const { 0: part, groups } = parts.exec(sql) ?? { 0: sql[at] ?? '', groups: undefined }
    const end = groups?.['comment'] === undefined ? at + part.length : endOfComment(sql, at)
    written += (groups?.['plain'] === undefined ? '' : ' E') + sql.slice(at, end)
    at = end
  }
  return written
}
