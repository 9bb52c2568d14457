import { expect, it } from 'vitest'
import { Queue, type Linked } from './queue.ts'

class Item implements Linked<Item> {
  previous: Item | undefined = undefined
  next: Item | undefined = undefined
  readonly number: number

  constructor(number: number) {
    this.number = number
  }
}

it('keeps the order, whatever is taken out and put back', () => {
  const queue = new Queue<Item>()
  const items = [0, 1, 2, 3, 4].map((number) => new Item(number))
  for (const item of items) queue.push(item)
  const [first, , third, , last] = items
  for (const item of [third, first, last]) if (item !== undefined) queue.remove(item)
  expect([...queue].map(({ number }) => number)).toEqual([1, 3])
  for (const item of [last, first, third])
    if (item !== undefined) queue.pushBack(item, ({ number }) => number > item.number)
  expect([...queue].map(({ number }) => number)).toEqual([0, 1, 2, 3, 4])
  for (const item of queue) queue.remove(item)
  expect([queue.size, queue.first]).toEqual([0, undefined])
})
