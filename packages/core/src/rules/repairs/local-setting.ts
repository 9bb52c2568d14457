import type { VariableSetStmt } from '@pgsql/types'
import { settingName } from '../../sql/function-call.ts'
import { insertAfter, replace, type Repaired, type StatementText } from '../repair.ts'

/** The setting that seeds random(). */
export const seed = 'seed'
/** Measured on PostgreSQL 18: the sequence of random() goes on behind the transaction. */
export const seedStays = 'the seed of random() stays when its transaction ends'

const noLocalReset = 'RESET has no form that ends with its transaction; SET … TO DEFAULT has one'

/** `SET` → `SET LOCAL`, which its transaction takes back. */
export function setLocally(node: VariableSetStmt, { tokens }: StatementText): Repaired {
  const { kind, is_local: isLocal, name = '' } = node
  if (isLocal || kind === 'VAR_SET_MULTI') return undefined
  if (kind === 'VAR_RESET' || kind === 'VAR_RESET_ALL') return noLocalReset
  if (settingName(name) === seed) return seedStays
  const [set, session, next] = tokens
  if (set?.keyword !== 'set' || session === undefined) return undefined
  const hasScope = session.keyword === 'session' && !continuesName.has(next?.text.toLowerCase() ?? '')
  const edit = hasScope ? replace(session, 'LOCAL') : insertAfter(set, ' LOCAL')
  return { how: 'SET → SET LOCAL', edits: [edit], tree: [{ node, fields: { is_local: true } }] }
}

/** After these SESSION is the first word of a name, and no scope. */
const continuesName: ReadonlySet<string> = new Set(['authorization', '.', '=', 'to'])
