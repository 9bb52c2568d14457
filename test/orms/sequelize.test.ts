import { describeOrm } from './describe-orm.ts'

describeOrm({
  name: 'sequelize',
  own: [['session/set', /^SET client_min_messages TO \?;SET TIME ZONE \?;$/]],
  isTameable: true,
  callSite: 'line',
})
