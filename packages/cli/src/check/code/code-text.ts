import type { Pieces } from '../sql/pieces.ts'
import type { ReceiverKind } from './receivers.ts'
import type { Node } from './syntax.ts'

/** An SQL text in JavaScript or TypeScript. */
export interface CodeText {
  /** How it was found: as a template with a tag, or as an argument of a call. */
  readonly kind: 'tag' | 'call'
  /** The name of the tag or the call: `pool.query`. */
  readonly name: string
  /** The texts that the expression stands for; a condition gives several. */
  readonly variants: readonly Pieces[]
  /** The expression that is the text. */
  readonly node: Node
  /** The call or the tagged template that sends it. */
  readonly sender: Node
  readonly receiver: ReceiverKind
  /** The receiver as it is written, to distinguish receivers. */
  readonly receiverName: string
  /** It is sent as it is, not as a part of a larger text. */
  readonly isSent: boolean
  /** The driver sends it as a named statement. */
  readonly isNamed: boolean
  /** It is sent inside a transaction, as far as the code around it shows. */
  readonly isInTransaction: boolean
}
