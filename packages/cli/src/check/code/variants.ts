import type { HoleKind, Pieces } from '../sql/pieces.ts'
import type { SourceFile } from './source-file.ts'
import { bare, type Node } from './syntax.ts'

/** The texts that an expression may stand for. */
export type Variants = readonly Pieces[]

/** The most texts that one expression stands for: conditions double them. */
export const mostVariants = 4

/** An expression in its file, with how many constants led to it. */
export interface Place {
  readonly file: SourceFile
  readonly steps: number
  /** How many more names and calls are followed for the whole text. Functions that call each other end here. */
  readonly budget: { left: number }
  /** Conditions of which one side is taken everywhere in the text, as they are written. */
  readonly assumed: ReadonlyMap<string, boolean>
}

/** Returns the texts of an expression. The last parameter is what becomes of one that cannot be known. */
export type Fold = (node: Node, place: Place, kind: HoleKind) => Variants

/** A text that cannot be known. */
export function hole(node: Node, kind: HoleKind): Variants {
  return [[{ hole: kind, at: node.start }]]
}

/** Returns every combination, up to the limit. */
export function product(parts: readonly Variants[]): Variants {
  return parts.reduce<Variants>(
    (all, variants) => all.flatMap((start) => variants.map((end) => [...start, ...end])).slice(0, mostVariants),
    [[]],
  )
}

/** Returns the value of a constant of a file. */
export function constantOf(given: Node, file: SourceFile): Node | undefined {
  const node = bare(given)
  return node.type === 'Identifier' ? file.names.valueOf(node.name, node) : undefined
}
