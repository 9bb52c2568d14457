import { sleep, type Form, type Layer, type Pose } from './layer.ts'

/** The observations of an application. Plain data: it is sent to another process. */
export interface Seen {
  /** Rows whose COMMIT the server confirmed to the application. */
  readonly committed: readonly string[]
  /** How often each failure occurred. */
  readonly failures: Readonly<Record<string, number>>
  /** Errors that do not show their cause, each once. */
  readonly untyped: readonly string[]
}

const pauseMillis = 5

/** Says what an error is, or `undefined`. */
export type Classify = (error: unknown) => string | undefined

export interface CallersOptions {
  readonly count: number
  /** Before the ids of all rows. */
  readonly prefix: string
  readonly classify: Classify
}

/** Callers that each write one row, over and over, in one form after the other. No statement is sent twice. */
export class Callers {
  readonly #layer: Layer
  readonly #classify: Classify
  readonly #prefix: string
  readonly #committed: string[] = []
  readonly #failures: Record<string, number> = {}
  readonly #untyped = new Set<string>()
  readonly #workers: Promise<void>[] = []
  readonly #lastSuccess: number[] = []
  #pose: Pose = 'busy'
  readonly #underway = new Map<number, string>()
  #isOver = false

  constructor(layer: Layer, { count, prefix, classify }: CallersOptions) {
    this.#layer = layer
    this.#classify = classify
    this.#prefix = prefix
    for (let caller = 0; caller < count; caller++) {
      this.#lastSuccess.push(0)
      this.#workers.push(this.#work(caller))
    }
  }

  /** The forms of the calls that are under way. */
  get underway(): readonly string[] {
    return [...this.#underway.values()]
  }

  set pose(pose: Pose) {
    this.#pose = pose
  }

  /** Waits until every caller has had a success that began from now on. @returns after how many milliseconds */
  async recovered(): Promise<number> {
    const start = performance.now()
    while (!this.#lastSuccess.every((began) => began >= start)) await sleep(pauseMillis)
    return performance.now() - start
  }

  /** Every caller finishes what it is at. */
  async end(): Promise<Seen> {
    this.#isOver = true
    await Promise.all(this.#workers)
    return { committed: this.#committed, failures: this.#failures, untyped: [...this.#untyped] }
  }

  async #work(caller: number): Promise<void> {
    for (let number = 0; !this.#isOver; number++) {
      if (this.#pose !== 'idle') {
        const [name, form] = this.#formOf(caller + number)
        this.#underway.set(caller, name)
        await this.#write(form, caller, `${caller}/${number}`)
        this.#underway.delete(caller)
      }
      await sleep(pauseMillis)
    }
  }

  #formOf(turn: number): [string, Form] {
    const pose = this.#pose
    if (pose === 'inStatement' || pose === 'inTransaction') return [pose, this.#layer[pose]]
    const forms = Object.entries(this.#layer.forms)
    return forms[turn % forms.length] as [string, Form]
  }

  async #write(form: Form, caller: number, id: string): Promise<void> {
    const start = performance.now()
    try {
      await form(this.#prefix + id)
      this.#committed.push(id)
      this.#lastSuccess[caller] = start
    } catch (error) {
      const kind = this.#classify(error)
      if (kind === undefined) this.#untyped.add(describe(error))
      this.#failures[kind ?? 'untyped'] = (this.#failures[kind ?? 'untyped'] ?? 0) + 1
    }
  }
}

function describe(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown }
  return `${String(error).trim().split('\n').slice(-2).join(' / ')} [code ${String(code)}, cause ${String(cause)}]`
}
