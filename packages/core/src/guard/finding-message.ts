import type { PoolerProfile } from '../poolers/profile.ts'
import type { CallSign } from '../rules/rule.ts'
import type { Layer } from '../stack/origin.ts'
import { formatCallSite } from '../stack/call-site.ts'
import type { Finding } from './finding.ts'

/** The contents of a message. */
export interface Report {
  readonly findings: readonly [Finding, ...Finding[]]
  /** Already redacted. */
  readonly statement: string
  readonly pooler: PoolerProfile
  readonly refused: boolean
  /**
   * The cause of the decision: the statement itself, the COMMIT of its transaction, the server's answer, or something
   * that is not a statement.
   */
  readonly decidedBy: 'statement' | 'commit' | 'answer' | CallSign
  /** `User.findMany`, if the ORM's adapter knows it. */
  readonly operation: string | undefined
  /** The ORM's layer, which shows the package that is in use. */
  readonly layer?: Layer | undefined
  /** The stack of the call, if it was captured. */
  readonly stack: string | undefined
}

/** Formats a message. Its first line alone fits a log; the rest says what, why and what to do instead. */
export function format(report: Report): string {
  const by = [report.operation, formatCallSite(report.stack)].filter((part) => part !== undefined).join(' at ')
  return layOut(report, { sent: sent(report), by, allow: howToAllow(report) })
}

/** Rows apart from the findings. Empty rows are omitted. */
interface Rows {
  readonly sent: string
  readonly by: string
  readonly allow: string
}

/** Lays out a message in the common form. */
export function layOut(
  { findings, statement, pooler, layer }: Pick<Report, 'findings' | 'statement' | 'pooler' | 'layer'>,
  { sent: how, by, allow }: Rows,
): string {
  const [first, ...others] = findings
  const rows: [string, string][] = [
    ['statement', statement],
    ['sent', how],
    ['by', by],
    [pooler.isDirect === true ? 'profile' : 'pooler', pooler.label],
    ['why', first.why],
    ['instead', first.instead],
    ['repaired', first.unrepaired === undefined ? '' : `no: ${first.unrepaired}`],
    ['helper', helpersOf(first, layer)],
    ...others.map((finding): [string, string] => ['also', shortly(finding, layer)]),
    ['allow', allow],
    ['docs', `node_modules/@poolsafe/core/${first.docs}`],
  ]
  const shown = rows.filter(([, text]) => text !== '').map(([label, text]) => `  ${label.padEnd(9)}  ${text}`)
  return [`${first.message} (${first.rule})`, ...shown].join('\n')
}

function shortly(finding: Finding, layer: Layer | undefined): string {
  const { message, rule, instead } = finding
  const helpers = helpersOf(finding, layer)
  return `${message} (${rule}); instead ${instead}${helpers === '' ? '' : `; helper ${helpers}`}`
}

/** Says which package a helper is in if there is only one, or if the layer of the ORM shows which one is in use. */
function helpersOf({ helpers }: Finding, layer: Layer | undefined): string {
  return helpers
    .filter(({ packages }) => layer === 'prisma' || packages.some((name) => name !== 'prisma'))
    .map(({ name, does, packages }) => {
      const [only, ...more] = packages
      const one = layer === 'prisma' && packages.includes('prisma') ? 'prisma' : only
      const isKnown = more.length === 0 || one === 'prisma'
      return `${name}${isKnown ? ` of @poolsafe/${one}` : ''} ${does}`
    })
    .join('; ')
}

/** The narrowest exception: for this call or this text; without a statement, for this guard. */
function howToAllow({ findings, statement, decidedBy }: Report): string {
  const ids = findings.map(({ rule }) => rule)
  const [first] = ids
  if (decidedBy === 'outsideHandle') return `guard.allow('${first}', 'why it is safe here', fn)`
  if (statement === '') return `createGuard({ exceptions: [{ rule: '${first}', reason: 'why it is safe' }] })`
  const call = `guard.allow(${ids.length === 1 ? `'${first}'` : `['${ids.join("', '")}']`}, 'why it is safe here', fn)`
  return `${call}, or in the SQL /* poolsafe-allow ${ids.join(', ')}: why it is safe here */`
}

function sent({ refused, decidedBy }: Report): string {
  switch (decidedBy) {
    case 'statement':
      return refused ? 'no: poolsafe refused it, nothing reached the server' : 'yes: poolsafe only warns'
    case 'commit':
      return refused
        ? 'yes, earlier in this transaction; poolsafe refused its COMMIT, so that nothing is left: roll back'
        : 'yes, and its transaction is being committed'
    case 'answer':
      return refused ? 'yes: poolsafe rejects what was answered already' : 'yes: this is what the server answered'
    default:
      return sentBesideText[decidedBy]?.[refused ? 'refused' : 'told'] ?? ''
  }
}

/** The message that was sent to the server if there is no statement. */
const sentBesideText: { readonly [Sign in CallSign]?: { readonly refused: string; readonly told: string } } = {
  releasedInTransaction: {
    refused: 'no COMMIT; poolsafe has the transaction rolled back',
    told: 'no COMMIT, no ROLLBACK: the transaction is still open',
  },
  outsideHandle: {
    refused: 'no: poolsafe refused it, nothing reached the server',
    told: 'yes, on another connection: poolsafe only warns',
  },
  cancelByPid: {
    refused: 'no: poolsafe refused the query that could not be cancelled',
    told: 'yes: the query goes on when it is aborted, and nobody waits for it',
  },
  startupParameter: {
    refused: 'no: poolsafe opens no connection with it',
    told: 'with the login of each connection: poolsafe only warns',
  },
  usedAfterRelease: {
    refused: 'no: poolsafe refused it, nothing reached the server',
    told: 'yes: poolsafe only warns',
  },
  releasedTwice: {
    refused: 'no: poolsafe refused the release, and the connection stays with its holder',
    told: 'no: the connection goes back to the pool, although another caller holds it',
  },
  wrongProfile: {
    refused: 'no: poolsafe uses no such connection',
    told: 'yes: poolsafe only warns, and goes on with this profile',
  },
}
