/** A piece of an SQL text as it stands in the code: fixed text, or a hole that the running program fills. */
export type Piece = Fixed | Hole

export interface Fixed {
  readonly fixed: string
  /** The offset of the text in the file. */
  readonly at: number
  /** The text differs from the source, so an offset in it is no offset in the file. */
  readonly isEscaped?: true
}

export interface Hole {
  readonly hole: HoleKind
  /** The offset of the expression in the file. */
  readonly at: number
}

/**
 * The kind of value that the program puts into a hole:
 *
 * - `value`: a parameter of a tagged template, which travels beside the text
 * - `name`: an identifier, quoted by the library
 * - `text`: any piece of SQL
 */
export type HoleKind = 'value' | 'name' | 'text'

/** An SQL text in pieces. */
export type Pieces = readonly Piece[]

/** Returns true for a piece of fixed text. */
export function isFixed(piece: Piece): piece is Fixed {
  return 'fixed' in piece
}

/** Returns the fixed text with a blank in each hole. */
export function fixedText(pieces: Pieces): string {
  return pieces.map((piece) => (isFixed(piece) ? piece.fixed : ' ')).join('')
}
