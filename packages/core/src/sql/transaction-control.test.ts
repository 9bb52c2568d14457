import type { Node } from '@pgsql/types'
import { describe, expect, test } from 'vitest'
import { parse } from './parser.ts'
import { plainTransactionControl } from './transaction-control.ts'

const isolations = [
  '',
  ' isolation level serializable',
  ' ISOLATION LEVEL REPEATABLE READ',
  ' isolation level read committed',
  ' isolation level read uncommitted',
]
const accesses = ['', ' read only', ' READ WRITE']
const modes = isolations.flatMap((isolation) => accesses.map((access) => isolation + access))

const opening = ['begin', 'BEGIN WORK', 'Begin Transaction', 'START TRANSACTION'].flatMap((verb) =>
  modes.map((mode) => verb + mode),
)
const setting = modes.filter((mode) => mode !== '').map((mode) => `SET TRANSACTION${mode}`)
const closing = ['COMMIT', 'end', 'ROLLBACK', 'abort'].flatMap((verb) =>
  ['', ' work', ' TRANSACTION'].map((noise) => verb + noise),
)
const savepoints = [
  'SAVEPOINT s1',
  'savepoint S1',
  'SAVEPOINT "S 1"',
  'RELEASE s1',
  'release savepoint "S1"',
  'RELEASE SAVEPOINT _S',
  'release savepoint',
  'ROLLBACK TO s1',
  'rollback to savepoint s1',
  'ROLLBACK TO "S 1"',
  'rollback to savepoint "a;b"',
  'ROLLBACK TO SAVEPOINT _s',
]
const recognised = [...opening, ...setting, ...closing, ...savepoints].flatMap((text) => [text, `${text};`])

/** As much of a node as decides what it does to the transaction. */
function essence(node: Node | undefined): unknown {
  if (node === undefined) return undefined
  if ('TransactionStmt' in node)
    return {
      kind: node.TransactionStmt.kind,
      chain: node.TransactionStmt.chain,
      name: node.TransactionStmt.savepoint_name,
    }
  if ('VariableSetStmt' in node) return { kind: node.VariableSetStmt.kind, name: node.VariableSetStmt.name }
  return node
}

describe('plain transaction control', () => {
  test.each(recognised)('%s is the node that the parser gives', (text) => {
    const node = plainTransactionControl(text)
    expect(node).toBeDefined()
    const parsed = parse(text)
    expect(parsed).toHaveLength(1)
    expect(essence(node)).toEqual(essence(parsed[0]))
  })

  test.each([
    'BEGIN; SELECT 1',
    'BEGIN;;',
    ' BEGIN',
    'BEGIN ',
    'BEGIN\n',
    'BEGIN\u00a0WORK',
    'BEGIN DEFERRABLE',
    'COMMIT AND CHAIN',
    'ROLLBACK AND CHAIN',
    'COMMIT AND NO CHAIN',
    "COMMIT PREPARED 'a'",
    "ROLLBACK PREPARED 'a'",
    "PREPARE TRANSACTION 'a'",
    'SAVEPOINT "a""b"',
    'RELEASE',
    'ROLLBACK TO "a"; SET x = "b"',
    'ROLLBACK TO "a"";SET x = ""b"',
    "SET TRANSACTION SNAPSHOT '1'",
    'SET LOCAL x = 1',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
    'SELECT 1 AS begin',
    '-- x\nBEGIN',
    '',
    `BEGIN${' '.repeat(1_000_000)}`,
  ])('%j is left to the parser', (text) => {
    expect(plainTransactionControl(text)).toBeUndefined()
  })
})
