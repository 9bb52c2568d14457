/** The kind of failure between the application and the server. */
export type FailureKind =
  | 'tooManyClients'
  | 'poolerFull'
  | 'poolerBusy'
  | 'poolerCannotConnect'
  | 'poolerTimeout'
  | 'poolMode'
  | 'rateLimited'
  | 'quotaExceeded'
  | 'shuttingDown'
  | 'startingUp'
  | 'sessionTimeout'
  | 'readOnly'
  | 'startupParameter'
  | 'unreachable'
  | 'unknownHost'
  | 'noLocalResource'
  | 'brokenConnection'
  | 'connectTimeout'
  | 'noAnswer'
  | 'authentication'
  | 'tlsRequired'
  | 'tlsUnsupported'
  | 'certificate'
  | 'unknownDatabase'
  | 'unreadableFile'
  | 'stalePlan'

/** A failure with its remedy. Plain data. */
export interface Failure {
  readonly kind: FailureKind
  /** True if connecting again later may help. A statement is never sent again. */
  readonly isTransient: boolean
  /** The cause, in one sentence. */
  readonly why: string
  /** The remedy, in one sentence. */
  readonly instead: string
}
