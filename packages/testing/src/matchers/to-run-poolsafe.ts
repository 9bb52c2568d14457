import { demandStrictMode } from '../strict-mode.ts'
import {
  closeScope,
  currentScope,
  hold,
  holdComplaint,
  isAllowed,
  openScope,
  runIn,
  type Scope,
} from '../strict/scope.ts'
import { hearWitnesses } from '../strict/witness.ts'
import { unsafeStatements } from '../strict/strict-mode-error.ts'
import { checkFunction, type Verdict } from './verdict.ts'

/** See {@link PoolsafeMatchers.toRunPoolsafe}. */
export async function toRunPoolsafe(this: { readonly isNot: boolean }, given: () => unknown): Promise<Verdict> {
  const act = checkFunction('toRunPoolsafe()', given)
  const outer = currentScope()
  const scope = openScope('expect(…).toRunPoolsafe()', outer)
  // With strict mode loaded, the recorder exists already; without it, this matcher creates one.
  const leave = demandStrictMode(
    outer === undefined ? { onFinding: hold, onComplaint: holdComplaint, allows: isAllowed } : undefined,
  )
  try {
    await runIn(scope, act)
  } catch (error) {
    await hearWitnesses()
    if (scope.found.length + scope.complaints.length === 0) throw error
  } finally {
    await hearWitnesses()
    leave()
    closeScope(scope)
  }
  // oxlint-disable-next-line oxc/no-this-in-exported-function -- Vitest passes its state to a matcher as `this`
  if (!this.isNot) handUp(scope, outer)
  return verdictOn(scope)
}

/** If the matcher fails, the test fails for the same reason, and a summary and a reporter include it. */
function handUp({ found, complaints }: Scope, outer: Scope | undefined): void {
  outer?.found.push(...found)
  outer?.complaints.push(...complaints)
}

function verdictOn({ found, complaints }: Scope): Verdict {
  const messages = [...(found.length > 0 ? [unsafeStatements('the function', found)] : []), ...complaints].map(
    ({ message }) => message,
  )
  if (messages.length > 0) return { pass: false, message: () => messages.join('\n\n') }
  return { pass: true, message: () => 'expected the function to send a statement that is unsafe, and it sent none' }
}
