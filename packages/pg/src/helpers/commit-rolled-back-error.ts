import { PoolsafeError } from '@poolsafe/core'

/** A function caught the error of a statement, and the COMMIT behind it rolled the whole transaction back. */
export class CommitRolledBackError extends PoolsafeError {
  static override readonly name: string = 'CommitRolledBackError'

  constructor() {
    super(
      'COMMIT rolled the transaction back: a statement in it had failed, and the function caught its error.' +
        ' Let the error reject the function, or put a SAVEPOINT before the statement that may fail',
    )
  }
}
