import { describeOrm } from './describe-orm.ts'

describeOrm({
  name: 'knex',
  own: [['session/set', /^set search_path to \?$/]],
  isTameable: true,
  byHand: 'blind',
  callSite: 'line',
})
