// PostgreSQL's wire protocol 3.0 (chapter "Frontend/Backend Protocol" of its documentation).

/** The first byte of a message from the client. */
export const frontend = {
  bind: 0x42,
  close: 0x43,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  describe: 0x44,
  execute: 0x45,
  flush: 0x48,
  functionCall: 0x46,
  parse: 0x50,
  password: 0x70,
  query: 0x51,
  sync: 0x53,
  terminate: 0x58,
} as const

/** The first byte of a message from the server. */
export const backend = {
  authentication: 0x52,
  bindComplete: 0x32,
  closeComplete: 0x33,
  commandComplete: 0x43,
  copyData: 0x64,
  copyIn: 0x47,
  dataRow: 0x44,
  emptyQuery: 0x49,
  error: 0x45,
  keyData: 0x4b,
  negotiate: 0x76,
  noData: 0x6e,
  notice: 0x4e,
  notification: 0x41,
  parameterStatus: 0x53,
  parseComplete: 0x31,
  portalSuspended: 0x73,
  ready: 0x5a,
  rowDescription: 0x54,
} as const

/** The codes that stand where a startup packet has its protocol version. */
export const startupCode = { protocol3: 196608, cancel: 80877102, ssl: 80877103, gssEncryption: 80877104 } as const

/** The status byte of ReadyForQuery outside a transaction. */
export const idleStatus = 0x49

/** Type and length of a message. */
export const headerBytes = 5

/** A message: its type, the length, and its parts in order. Texts end with a zero byte. */
export function message(type: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part))
  const length = body.reduce((sum, { length: bytes }) => sum + bytes, headerBytes)
  const header = Buffer.alloc(headerBytes)
  header[0] = type
  header.writeUInt32BE(length - 1, 1)
  return Buffer.concat([header, ...body], length)
}

/** A startup packet, which has no type. */
export function startup(code: number, ...parts: readonly (string | Buffer)[]): Buffer {
  return message(0, int32(code), ...parts).subarray(1)
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** How ErrorResponse names how bad it is. */
export type Severity = 'ERROR' | 'FATAL'

export function errorResponse(severity: Severity, code: string, text: string): Buffer {
  return message(backend.error, `S${severity}`, `V${severity}`, `C${code}`, `M${text}`, Buffer.alloc(1))
}

export function readyForQuery(status: number): Buffer {
  return message(backend.ready, Buffer.of(status))
}

/** The text that starts at `at`, and where the next thing starts. */
export function readText(bytes: Buffer, at: number): { readonly text: string; readonly end: number } {
  const zero = bytes.indexOf(0, at)
  const end = zero === -1 ? bytes.length : zero
  return { text: bytes.toString('utf8', at, end), end: end + 1 }
}

/** All texts from `at` up to the empty one. */
export function readTexts(bytes: Buffer, at: number): string[] {
  const texts: string[] = []
  for (let from = at; from < bytes.length;) {
    const { text, end } = readText(bytes, from)
    if (text === '') break
    texts.push(text)
    from = end
  }
  return texts
}

/** Returns the fields of an ErrorResponse or a NoticeResponse, by their letters. */
export function fieldsOf(bytes: Buffer): ReadonlyMap<string, string> {
  return new Map(readTexts(bytes, headerBytes).map((field) => [field.slice(0, 1), field.slice(1)]))
}
