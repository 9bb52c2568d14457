import { describeOrm } from './describe-orm.ts'

describeOrm({
  name: 'graphile-worker',
  own: [['session/named-statement', /graphile_worker/]],
  isTameable: true,
  needsTaming: true,
})
