/** Has a type, so that Node loads what strips types. */
export const nothing: undefined = undefined
