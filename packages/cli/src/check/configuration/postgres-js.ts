import { makesPostgresJs, postgresJsClient } from '../code/postgres-js.ts'
import { isDirect, kindOfReceiver } from '../code/receivers.ts'
import type { SourceFile } from '../code/source-file.ts'
import { bare, type Call } from '../code/syntax.ts'
import { callsTo, type Detector, type Fact } from './detector.ts'

/** Returns the calls that make a client of postgres.js. */
export function callsOfPostgresJs(file: SourceFile): Call[] {
  return file.syntax.calls.filter((call) => makesPostgresJs(call, file))
}

/** `sql.listen('orders', …)` of postgres.js opens a connection with the same URL. */
export const postgresJsListen: Detector = {
  words: /['"]postgres['"]|\.listen\(\s*['"`]/,
  find: (file) =>
    callsTo(file, /^listen$/).flatMap((call): Fact[] => {
      if (!listensThroughPooler(call, file)) return []
      return [
        {
          node: call.callee,
          what: 'listen() of postgres.js sends LISTEN on a connection with the same URL',
          sends: { sql: 'LISTEN a' },
          instead: 'call listen() of a client that has the direct URL of the database (DIRECT_URL)',
        },
      ]
    }),
}

function listensThroughPooler(call: Call, file: SourceFile): boolean {
  const callee = bare(call.callee)
  if (callee.type !== 'MemberExpression') return false
  const client = postgresJsClient(callee.object, file)
  if (client === undefined || kindOfReceiver(callee.object, file) === 'direct') return false
  return client.made === undefined || !isDirect(client.made, file)
}
