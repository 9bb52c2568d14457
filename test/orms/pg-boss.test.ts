import { describeOrm } from './describe-orm.ts'

describeOrm({ name: 'pg-boss' })
