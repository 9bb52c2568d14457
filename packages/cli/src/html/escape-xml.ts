import { escapeHtml } from './page.ts'

/** Escapes a text for XML 1.0, which has no control characters except tab and line breaks, escaped or not. */
export function escapeXml(text: string): string {
  return escapeHtml(text.replaceAll(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\uFFFD'))
}
