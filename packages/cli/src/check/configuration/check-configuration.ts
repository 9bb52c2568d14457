import type { Finding } from '@poolsafe/core'
import { effectsOfCall, judgeEffects } from '@poolsafe/core/adapter'
import type { CodeFile } from '../check-code.ts'
import type { CheckFinding } from '../finding.ts'
import type { Judge } from '../sql/judge.ts'
import * as detectors from './all.ts'
import type { Detector, Fact, Sent } from './detector.ts'

const all: readonly Detector[] = Object.values(detectors)
const words = new RegExp(all.map((detector) => detector.words.source).join('|'))

/** Returns true if a file may have a configuration that touches session state. */
export function mayConfigureSessions(source: string): boolean {
  return words.test(source)
}

/** Finds what the configurations in a file of code make libraries send, and judges it. */
export function checkConfiguration({ path, file, origin, lines }: CodeFile, judges: readonly Judge[]): CheckFinding[] {
  const { source } = file.syntax
  const facts = all.filter((detector) => detector.words.test(source)).flatMap((detector) => detector.find(file))
  return facts.flatMap((fact) => {
    const place = lines.place(path, fact.node.start, fact.node.end)
    const isNote = fact.isOfMigrations === true || origin === 'migration'
    return judges.flatMap((judge) =>
      judgeSent(fact.sends, judge).map((finding) =>
        Object.assign({}, finding, place, {
          message: messageOf(fact, finding),
          instead: fact.instead,
          helpers: [],
          level: isNote ? ('note' as const) : ('error' as const),
          origin: isNote ? ('migration' as const) : ('configuration' as const),
          statement: '',
          sql: '',
          poolers: [judge.pooler.label],
        }),
      ),
    )
  })
}

/** Judges what a library sends. */
export function judgeSent(sent: Sent, judge: Judge): Finding[] {
  if ('startup' in sent) return judgeEffects(effectsOfCall('startupParameter', sent.startup), judge.pooler, {})
  if ('isNamed' in sent) return judge.judge('SELECT 1', [{ named: true }]).map(({ finding }) => finding)
  return judge.judge(sent.sql, [{ inTransaction: false }]).map(({ finding }) => finding)
}

/** `searchPath makes Knex send SET …, which stays on a server connection that other clients use next`. */
function messageOf({ what }: Fact, { message, outcome }: Finding): string {
  const consequence = consequences[outcome] ?? message
  return `${what}: ${consequence}`
}

const consequences: { readonly [Outcome in Finding['outcome']]?: string } = {
  leaks: 'it stays on a server connection that other clients use next',
  lost: 'it may reach another server connection than the one it is for',
  wiped: 'the pooler removes it when the transaction ends',
  rejected: 'the pooler refuses it',
  ignored: 'the pooler ignores it and reports success',
}
