import { describeOrm } from './describe-orm.ts'

describeOrm({ name: 'typeorm', callSite: 'line' })
