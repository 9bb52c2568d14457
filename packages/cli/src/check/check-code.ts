import type { Context } from '@poolsafe/core'
import { redact } from '@poolsafe/core/adapter'
import type { StoredCode } from '@poolsafe/core/internal'
import type { CodeText } from './code/code-text.ts'
import { findTexts } from './code/find-texts.ts'
import { textsAfterBegin } from './code/open-transactions.ts'
import type { ReceiverKind } from './code/receivers.ts'
import { isTakenBack } from './code/taken-back.ts'
import type { SourceFile } from './code/source-file.ts'
import { isOtherStatement } from './dialect.ts'
import type { CheckFinding, Level, Origin } from './finding.ts'
import type { Lines } from './lines.ts'
import { mayCallFunctions } from './prefilter.ts'
import { mayBuildSessionState } from './sql/dynamic.ts'
import { fillHoles, type Filled } from './sql/fill-holes.ts'
import type { Judge } from './sql/judge.ts'
import type { Located } from './sql/located.ts'
import { fixedText } from './sql/pieces.ts'
import { suppressionsOfCode, type Suppressions } from './suppressions.ts'

/** The findings of a file. */
export interface CodeResult {
  readonly findings: readonly CheckFinding[]
  readonly suppressions: Suppressions
  /** The texts of SQL in the file, by how they were found. */
  readonly texts: { readonly tag: number; readonly call: number }
}

/** The file, with the known facts about it. */
export interface CodeFile {
  readonly path: string
  readonly file: SourceFile
  readonly origin: Origin
  readonly lines: Lines
}

/** Judges every SQL text of a file of JavaScript or TypeScript. */
export function checkCode({ path, file, origin, lines }: CodeFile, judges: readonly Judge[]): CodeResult {
  const catalog = judges[0]?.catalog
  const texts = findTexts(file).map((text) =>
    Object.assign(text, {
      filled: mayMatter(text, catalog) ? text.variants.map((pieces) => fillHoles(pieces, catalog)) : [],
    }),
  )
  const open = textsAfterBegin(texts, file)
  const where = { path, origin, lines }
  const sent = texts.flatMap((text) => (text.isInTransaction || open.has(text) ? [{ text, filled: text.filled }] : []))
  const findings = texts.flatMap((text) => {
    const contexts = contextsOf(text, open.has(text))
    const mayBeTakenBack = text.isSent && sent.some((each) => each.text === text)
    return text.filled.flatMap((filled) =>
      judges.flatMap((judge) =>
        locate(text, filled, contexts, judge)
          .filter(
            ({ finding: { rule }, statement }) =>
              !isOtherStatement(statement.text) &&
              (rule !== 'statement/undecided' || mayBuildSessionState(statement.text)) &&
              !(mayBeTakenBack && isTakenBack(rule, text, sent, file, judge.pooler)),
          )
          .map((located) => toFinding(located, filled, judge, where)),
      ),
    )
  })
  const inSql = texts.flatMap(({ filled, node }) => filled.map(({ sql }) => ({ sql, node })))
  const count = (kind: CodeText['kind']): number => texts.filter((text) => text.kind === kind).length
  return {
    findings,
    suppressions: suppressionsOfCode(file, inSql, where),
    texts: { tag: count('tag'), call: count('call') },
  }
}

/** Only functions can be found in a part of a statement. */
function mayMatter({ isSent, variants }: CodeText, catalog: StoredCode | undefined): boolean {
  const mayCall = (text: string): boolean => mayCallFunctions(text) || catalog?.mentions(text) === true
  return isSent || variants.some((pieces) => mayCall(fixedText(pieces)))
}

const unknown: readonly Context[] = [{ inTransaction: false }, { inTransaction: true }]
const contextsByReceiver: Readonly<Record<ReceiverKind, readonly Context[]>> = {
  transaction: [{ inTransaction: true }],
  pool: [{ inTransaction: false, pinned: false }],
  orm: [{ inTransaction: false, pinned: false }],
  client: unknown,
  held: [{ inTransaction: false }],
  direct: [],
  unknown,
}

function contextsOf({ receiver, isInTransaction, isNamed }: CodeText, isOpen: boolean): Context[] {
  const contexts = isInTransaction || isOpen ? [{ inTransaction: true }] : contextsByReceiver[receiver]
  return contexts.map((context) => Object.assign({ named: isNamed }, context))
}

function locate(text: CodeText, filled: Filled, contexts: readonly Context[], judge: Judge): Located[] {
  const { sql, isRead } = filled
  const whole = { text: sql.trim(), from: sql.search(/\S|$/), to: sql.trimEnd().length }
  if (text.isSent) return judge.judge(sql, contexts)
  if (isRead && /^\s*(?:select|insert|update|delete|merge|with|values|table)\b/i.test(sql))
    return judge.judge(sql, unknown)
  return judge.judgeFragment(sql).map((finding) => ({ finding, statement: whole }))
}

interface Where {
  readonly path: string
  readonly origin: Origin
  readonly lines: Lines
}

function toFinding(
  { finding, statement }: Located,
  filled: Filled,
  { pooler }: Judge,
  { path, origin, lines }: Where,
): CheckFinding {
  const text = filled.shown === filled.sql ? statement.text : filled.shown.slice(statement.from, statement.to)
  const place = lines.place(path, filled.locate(statement.from), filled.locate(statement.to))
  return {
    ...finding,
    ...place,
    level: levelOf(finding.rule, origin),
    origin,
    statement: redact(text),
    sql: text,
    poolers: [pooler.label],
  }
}

function levelOf(rule: string, origin: Origin): Level {
  return rule === 'statement/undecided' || origin === 'migration' ? 'note' : 'error'
}
