import { open, stat } from 'node:fs/promises'

/** A line of the service's log. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  /** The fields of a message of poolsafe. */
  readonly poolsafe?: { readonly event: string; readonly [name: string]: unknown }
}

/** The log of a service from now on. */
export interface Log {
  read(): Promise<readonly LogLine[]>
}

export async function followLog(path: string): Promise<Log> {
  const from = await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
  return { read: async () => linesOf(await textFrom(path, from)) }
}

async function textFrom(path: string, from: number): Promise<string> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(Math.max(0, size - from)),
      0,
      Math.max(0, size - from),
      from,
    )
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

/** The last line may still be on its way. */
function linesOf(text: string): LogLine[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LogLine]))
}
