/** An item that a {@link Queue} links. An item is in one queue at a time. */
export interface Linked<Item> {
  previous: Item | undefined
  next: Item | undefined
}

/**
 * A first-in, first-out queue from which any item can be removed in constant time, because the items hold the links. An
 * array would move 10,000 waiting callers each time one of them gives up.
 */
export class Queue<Item extends Linked<Item>> {
  #first: Item | undefined
  #last: Item | undefined
  #size = 0

  /** The item that has been in it longest. */
  get first(): Item | undefined {
    return this.#first
  }

  /** The item that was added last, or put back behind all others. */
  get last(): Item | undefined {
    return this.#last
  }

  get size(): number {
    return this.#size
  }

  push(item: Item): void {
    this.#insert(item, this.#last, undefined)
  }

  /** Returns an earlier item to its place: before the first one that `isLater`. */
  pushBack(item: Item, isLater: (other: Item) => boolean): void {
    let next = this.#first
    while (next !== undefined && !isLater(next)) next = next.next
    this.#insert(item, next === undefined ? this.#last : next.previous, next)
  }

  remove(item: Item): void {
    if (item.previous === undefined) this.#first = item.next
    else item.previous.next = item.next
    if (item.next === undefined) this.#last = item.previous
    else item.next.previous = item.previous
    item.previous = undefined
    item.next = undefined
    this.#size--
  }

  /** Oldest first. The item at hand may be removed meanwhile. */
  *[Symbol.iterator](): Generator<Item> {
    for (let item = this.#first; item !== undefined;) {
      const { next } = item
      yield item
      item = next
    }
  }

  #insert(item: Item, previous: Item | undefined, next: Item | undefined): void {
    item.previous = previous
    item.next = next
    if (previous === undefined) this.#first = item
    else previous.next = item
    if (next === undefined) this.#last = item
    else next.previous = item
    this.#size++
  }
}
