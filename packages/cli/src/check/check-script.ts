import { redact } from '@poolsafe/core/adapter'
import type { Level, Origin } from './finding.ts'
import { isOtherScript, isOtherStatement } from './dialect.ts'
import { Lines } from './lines.ts'
import type { Judge } from './sql/judge.ts'
import type { Located } from './sql/located.ts'
import { nameScriptPlaceholders } from './sql/placeholders.ts'
import { sectionsOf } from './sql/sections.ts'
import { judgeLeft, Script, type Sending } from './sql/script.ts'
import { suppress, suppressionsOfScript, type Remaining } from './suppressions.ts'

/** A file of SQL. */
export interface ScriptFile {
  readonly path: string
  readonly source: string
  readonly origin: Origin
}

/** Judges a file of SQL. */
export function checkScript({ path, source, origin }: ScriptFile, judges: readonly Judge[]): Remaining {
  if (isDump(source) || isOtherScript(source)) return { findings: [], problems: [] }
  const sql = nameScriptPlaceholders(source)
  const parts = partsOf(sql, origin).map(({ from, to, sendings }) => {
    const script = new Script(sql, judges[0]?.catalog, { from, to })
    return { script, sent: sendings.map((sending) => script.leaves(sending)) }
  })
  const lines = new Lines(source)
  const findings = judges.flatMap(({ pooler }) =>
    parts
      .flatMap(({ sent }) => inEvery(sent.map((left) => judgeLeft(left, pooler))))
      .filter(({ statement }) => !isOtherStatement(statement.text))
      .map(({ finding, statement }) =>
        Object.assign(lines.place(path, statement.from, statement.to), finding, {
          level: levelOf(origin),
          origin,
          statement: redact(statement.text),
          sql: statement.text,
          poolers: [pooler.label],
        }),
      ),
  )
  const statements = parts.flatMap(({ script }) => script.statements)
  return suppress(findings, suppressionsOfScript(source, statements, { path, lines }), { path, lines })
}

/** The output of pg_dump sets its own session, which nothing else uses. */
function isDump(source: string): boolean {
  return source.slice(0, 2_000).includes('PostgreSQL database dump')
}

/** A part of a script, and how it may be sent. */
interface Part {
  readonly from: number
  readonly to: number
  readonly sendings: readonly Sending[]
}

/** Most runners send a migration in one transaction. How a script is sent, or a query, is not known. */
function partsOf(sql: string, origin: Origin): Part[] {
  if (origin !== 'migration') return [{ from: 0, to: sql.length, sendings: ['statements', 'whole'] }]
  return sectionsOf(sql).map(({ from, to, sending }) => ({ from, to, sendings: [sending] }))
}

function inEvery([first = [], ...others]: readonly (readonly Located[])[]): Located[] {
  const key = ({ finding, statement }: Located): string => `${finding.rule} ${statement.from}`
  const known = others.map((found) => new Set(found.map(key)))
  return first.filter((located) => known.every((keys) => keys.has(key(located))))
}

/** A migration or a script may run over a connection of its own. */
function levelOf(origin: Origin): Level {
  return origin === 'code' ? 'error' : 'note'
}
