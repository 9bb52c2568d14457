import { DataTypes, Sequelize } from 'sequelize'

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false })
const User = sequelize.define('User', { name: DataTypes.STRING })
await sequelize.sync()
await User.create({ name: 'Ursula' })
console.log((await User.findAll()).length, 'users')
await sequelize.close()
