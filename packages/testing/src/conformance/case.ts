/** One test of the suite. */
export interface Case {
  readonly name: string
  readonly run: () => Promise<void>
}
