interface Due {
  readonly at: number
  readonly order: number
  readonly act: () => void
  isOff: boolean
}

/** Time that passes on demand. Timers that are due at the same moment fire in the order in which they were set. */
export class VirtualClock {
  readonly #heap: Due[] = []
  #now = 0
  #order = 0

  readonly now = (): number => this.#now

  readonly after = (millis: number, act: () => void): (() => void) => {
    const due: Due = { at: this.#now + Math.max(millis, 0), order: this.#order++, act, isOff: false }
    this.#push(due)
    return () => (due.isOff = true)
  }

  /** Lets time pass, and does what falls due, also at its very end. */
  pass(millis: number): void {
    const end = this.#now + millis
    for (let [first] = this.#heap; first !== undefined && first.at <= end; [first] = this.#heap) {
      this.#pop()
      this.#now = first.at
      if (!first.isOff) first.act()
    }
    this.#now = end
  }

  #push(due: Due): void {
    const heap = this.#heap
    let place = heap.length
    heap.push(due)
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!isBefore(due, heap[parent] as Due)) break
      heap[place] = heap[parent] as Due
      place = parent
    }
    heap[place] = due
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Due
    if (heap.length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Due, heap[child] as Due)) child++
      if (!isBefore(heap[child] as Due, last)) break
      heap[place] = heap[child] as Due
      place = child
    }
    heap[place] = last
  }
}

function isBefore(one: Due, other: Due): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order)
}
