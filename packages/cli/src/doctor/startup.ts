import type { StartupTrial } from '@poolsafe/operate'
import { messageOf, openDatabase, type OpenDatabase } from '../database/connect.ts'
import { sentAtLogin } from '../database/sent-at-login.ts'

/** The settings that a URL makes the driver send, and the URL without them. */
export function withoutSettings(url: string): {
  readonly url: string
  readonly sent: Readonly<Record<string, string>>
} {
  const bare = new URL(url)
  const sent: Record<string, string> = {}
  for (const name of sentAtLogin) {
    const value = bare.searchParams.get(name)
    if (value !== null) sent[name] = value
    bare.searchParams.delete(name)
  }
  return { url: bare.href, sent }
}

/** Logs in with the settings. The caller closes the connection. */
export async function tryStartup(
  url: string,
  sent: Readonly<Record<string, string>>,
  opened: OpenDatabase[],
): Promise<StartupTrial> {
  if (Object.keys(sent).length === 0) return { sent }
  try {
    const database = await openDatabase(url, 'poolsafe-doctor')
    opened.push(database)
    return { sent, ask: database.ask }
  } catch (error) {
    return { sent, refused: messageOf(error) }
  }
}
