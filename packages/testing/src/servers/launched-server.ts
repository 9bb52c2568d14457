/** A started server that may not accept connections yet. */
export interface LaunchedServer {
  readonly host: string
  readonly port: number
  log(): string
  hasEnded(): boolean
  stop(): Promise<void>
}
