import { describeOrm } from './describe-orm.ts'

// Awaiting a query of Drizzle starts it in a job of its own, where V8 has no stack of the caller.
describeOrm({ name: 'drizzle', callSite: 'unknown' })
