import { expecting, ok, unseen, type Check } from './check.ts'
import type { Facts, Place } from './facts.ts'

/** Checks the pooler in front of the database, and whether the application knows it. */
export function checkPooler(facts: Facts): Check[] {
  return [present(facts), profile(facts), ...startup(facts), ...direct(facts), ...encryption(facts)]
}

function present({ isPooled, detected, pgbouncer }: Facts): Check {
  if (!isPooled) return ok('pooler/present', 'no pooler: the login ends at PostgreSQL itself')
  const name =
    pgbouncer === undefined ? (detected?.profile.label ?? 'an unknown pooler') : `PgBouncer ${pgbouncer.version}`
  return ok('pooler/present', `a pooler is in front: ${name}`)
}

function profile({ options: { pooler }, isPooled, pgbouncer }: Facts): Check {
  const id = 'pooler/profile'
  if (pooler === undefined)
    return unseen(
      id,
      'no profile given',
      'the guard’s profile is in your configuration',
      'poolsafe.config.ts with guard.pooler, or --pooler',
    )
  const found = `the guard’s profile is ${pooler.label}`
  if ((pooler.isDirect === true) === isPooled)
    return expecting(id, false, found, {
      why: isPooled
        ? 'the connection goes through a pooler, so findings that matter are not reported'
        : 'the connection is direct, so the guard reports what does no harm',
      remedy: isPooled ? 'createGuard({ pooler: poolers.pgbouncer() })' : 'createGuard({ pooler: poolers.direct() })',
    })
  if (pgbouncer === undefined || pooler.name === 'strictest') return ok(id, found)
  const version = pooler.claims?.version
  const isRight = pooler.name === 'pgbouncer' && (version === undefined || pgbouncer.version.startsWith(`${version}.`))
  return expecting(id, isRight, found, {
    why: `the pooler is PgBouncer ${pgbouncer.version}`,
    remedy: `createGuard({ pooler: poolers.pgbouncer({ version: '${pgbouncer.version.split('.').slice(0, 2).join('.')}' }) })`,
  })
}

/** Settings that the application sends at login. */
function startup({ options, startup: facts }: Facts): Check[] {
  const id = 'pooler/startup-parameters'
  const { startup: trial } = options
  if (trial === undefined || Object.keys(trial.sent).length === 0)
    return [ok(id, 'the application sends no settings at login')]
  const names = Object.keys(trial.sent).join(', ')
  if (trial.refused !== undefined)
    return [
      expecting(id, false, `the login with ${names} was refused`, {
        why: 'the pooler does not know these startup parameters, so no client of the application gets in',
        remedy: `ALTER ROLE … SET for the role of the application, and no ${names} at login`,
      }),
    ]
  const lost = facts.filter(({ isInForce }) => !isInForce).map(({ name }) => name)
  return [
    expecting(
      id,
      lost.length === 0,
      lost.length === 0
        ? `in force, as sent at login: ${names}`
        : `not in force, though sent at login: ${lost.join(', ')}`,
      {
        why: 'ignore_startup_parameters takes them away without an error',
        remedy: `ALTER ROLE … SET ${lost[0] ?? 'statement_timeout'} = …, which holds on every server connection`,
      },
    ),
  ]
}

/** Migrations, LISTEN and session locks need a direct connection. */
function direct({ isPooled, direct: found, place }: Facts): Check[] {
  const id = 'migrations/direct'
  if (found === undefined) {
    if (!isPooled) return [ok(id, 'the application’s own connection is direct')]
    return [
      unseen(
        id,
        'no direct connection given',
        'migrations take session locks, which a pooler breaks',
        'set DIRECT_URL, or give --direct-url',
      ),
    ]
  }
  return [
    expecting(
      id,
      found.isDirect,
      found.isDirect ? 'the direct URL ends at PostgreSQL itself' : 'the direct URL goes through a pooler',
      {
        why: 'the login’s process id is not that of the server process',
        remedy: 'the host and port of PostgreSQL itself in DIRECT_URL; with Prisma, datasource.url of prisma.config.ts',
      },
    ),
    samePlace(place, found),
  ]
}

/** Both URLs are written by hand, and one of them may be that of another environment. */
function samePlace(own: Place, other: Place): Check {
  const id = 'migrations/same-database'
  const remedy = 'the server and the database of DATABASE_URL in DIRECT_URL, without the pooler'
  if (own.cluster !== undefined && other.cluster !== undefined && own.cluster !== other.cluster)
    return expecting(id, false, 'the direct URL leads to another server', {
      why: 'the system identifiers differ, so migrations change a database that the application does not use',
      remedy,
    })
  if (own.database !== other.database)
    return expecting(id, false, `the direct URL leads to ${other.database}, and the application uses ${own.database}`, {
      why: 'migrations change a database that the application does not use',
      remedy,
    })
  return expecting(
    id,
    !other.standby,
    `the direct URL leads to ${other.standby ? 'a standby of ' : ''}${own.database}`,
    {
      why: 'a standby only reads, so migrations fail',
      remedy: 'the host of the primary in DIRECT_URL',
    },
  )
}

function encryption({ options: { connection } }: Facts): Check[] {
  const { isEncrypted, isLocal } = connection
  if (isEncrypted === undefined) return []
  return [
    expecting(
      'connection/tls',
      isEncrypted || isLocal === true,
      isEncrypted ? 'TLS' : isLocal === true ? 'no TLS, on this machine' : 'no TLS',
      {
        status: 'warning',
        why: 'statements, rows and passwords travel in plain text',
        remedy: 'sslmode=verify-full in the URL, and ssl = on (PostgreSQL) or client_tls_sslmode = require (PgBouncer)',
      },
    ),
  ]
}
