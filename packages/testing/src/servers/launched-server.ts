/** A server that was told to start; whether it serves is not known yet. */
export interface LaunchedServer {
  readonly host: string
  readonly port: number
  log(): string
  hasEnded(): boolean
  stop(): Promise<void>
}
