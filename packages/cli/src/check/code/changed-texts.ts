import type { HoleKind } from '../sql/pieces.ts'
import type { Assignment, Declaration } from './names.ts'
import { isConditional } from './open-transactions.ts'
import { functionAround } from './receivers.ts'
import { bare, type Node } from './syntax.ts'
import { hole, mostVariants, product, type Fold, type Place, type Variants } from './variants.ts'

/** The place where a variable is read. Later changes do not count. */
interface Reading {
  readonly use: Node
  readonly place: Place
  readonly kind: HoleKind
  readonly fold: Fold
}

/**
 * Returns the texts of a variable that is put together step by step: `let text = 'a'; text += 'b'; if (c) text += 'd'`.
 * A step in a condition, a loop or another function may be there or not.
 */
export function changedTexts(
  { init, name }: Declaration,
  changes: readonly Assignment[],
  { use, place, kind, fold }: Reading,
): Variants {
  const before = changes.filter(({ end }) => end <= use.start)
  const owner = functionAround(use, place.file)
  const first = init === undefined ? [] : fold(init, place, kind)
  let texts: Variants = first
  for (const change of before) {
    const added = addedBy(change, name)
    const isMaybe = isConditional(change, place.file) || functionAround(change, place.file) !== owner
    if (added !== undefined) {
      const ends = fold(added, place, kind)
      texts = product([texts.length === 0 ? [[]] : texts, isMaybe ? [...ends, []] : ends])
    } else if (!isOfItself(change, name, place)) {
      const assigned = fold(change.right, place, kind)
      texts = (isMaybe ? [...texts, ...assigned] : assigned).slice(0, mostVariants)
    }
  }
  return texts.length === 0 ? hole(use, kind) : texts
}

/** `text = text.trim()` changes it in a way that matters to no rule. */
function isOfItself({ right: { start, end } }: Assignment, name: string, { file }: Place): boolean {
  return (
    file.syntax.source
      .slice(start, end)
      .match(/[\w$]+/g)
      ?.includes(name) ?? false
  )
}

/** The text that `text += 'b'` and `text = text + 'b'` add. */
function addedBy({ operator, right }: Assignment, name: string): Node | undefined {
  if (operator === '+=') return right
  const node = bare(right)
  const isSum = operator === '=' && node.type === 'BinaryExpression' && node.operator === '+'
  const start = isSum ? bare(node.left) : undefined
  return isSum && start?.type === 'Identifier' && start.name === name ? node.right : undefined
}
