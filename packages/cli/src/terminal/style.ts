import { styleText } from 'node:util'

/** Colours and weights of a text for people. Without colour, each returns its text as it is. */
export interface Style {
  readonly isColoured: boolean
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly yellow: (text: string) => string
  readonly green: (text: string) => string
  readonly cyan: (text: string) => string
  readonly underline: (text: string) => string
}

/** Creates a style with or without colour. */
export function createStyle(isColoured: boolean): Style {
  const as =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      // The caller has decided about colours, from more than the stream.
      isColoured && text !== '' ? styleText(format, text, { validateStream: false }) : text
  return {
    isColoured,
    bold: as('bold'),
    dim: as('dim'),
    red: as('red'),
    yellow: as('yellow'),
    green: as('green'),
    cyan: as('cyan'),
    underline: as('underline'),
  }
}
