import { isFixed, type Piece, type Pieces } from '../sql/pieces.ts'

/** Makes holes of the placeholders of pg-format and `util.format`: `%I` is a name, `%L` a value, `%s` any text. */
export function formatted(texts: readonly Pieces[]): readonly Pieces[] {
  return texts.map((pieces) => pieces.flatMap((piece) => (isFixed(piece) ? split(piece.fixed, piece.at) : [piece])))
}

function split(text: string, at: number): Piece[] {
  return text.split(/(%[ILsd])/).flatMap((part): Piece[] => {
    if (part === '%I') return [{ hole: 'name', at }]
    if (part === '%L' || part === '%d') return [{ hole: 'value', at }]
    return part === '%s' ? [{ hole: 'text', at }] : [{ fixed: part, at, isEscaped: true }]
  })
}
