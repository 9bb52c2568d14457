/** Marks a query of poolsafe's own by a property. A set would cost a lookup for each statement of the application. */
const questionKey = Symbol('poolsafe.question')

/** Marks a query as poolsafe's own, before it is sent. */
export function markQuestion<Query extends object>(query: Query): Query {
  return Object.defineProperty(query, questionKey, { value: true })
}

/** Returns true for a query of poolsafe's own: a ping or an EXPLAIN, which no limit, log or error may show. */
export function isQuestion(query: object): boolean {
  return questionKey in query
}
