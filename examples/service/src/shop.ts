export interface Customer {
  readonly id: number
  readonly name: string
}

export interface Order {
  readonly id: number
  readonly customerId: number
  readonly paid: boolean
}

export interface OrderLine {
  readonly item: string
  readonly cents: number
}

export interface Revenue {
  readonly customerId: number
  readonly name: string
  readonly cents: number
}

/** The functions that the routes need. There is one shop on Prisma and one on Kysely. */
export interface Shop {
  customers(): Promise<readonly Customer[]>
  /** `undefined` if there is none. */
  order(id: number): Promise<(Order & { readonly lines: readonly OrderLine[] }) | undefined>
  placeOrder(customerId: number, lines: readonly OrderLine[]): Promise<{ readonly id: number }>
  /** All customers with their orders. */
  customersWithOrders(): Promise<readonly (Customer & { readonly orders: readonly Order[] })[]>
  /** The same, as it is often written: one query for the customers, and one more for each customer. */
  customersWithOrdersOneByOne(): Promise<readonly (Customer & { readonly orders: readonly Order[] })[]>
  /** Takes more than a second. */
  revenue(): Promise<readonly Revenue[]>
  /** Charges the customer, then marks the order as paid. */
  pay(orderId: number): Promise<void>
  /** The same, as it is often written: the transaction keeps its connection while the payment provider works. */
  payInsideTransaction(orderId: number): Promise<void>
}
