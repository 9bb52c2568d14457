import { describeOrm } from './describe-orm.ts'

describeOrm({
  name: 'slonik',
  own: [['session/discard', /^DISCARD ALL$/]],
  isTameable: true,
  byHand: 'none',
})
