import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from './generated/client.ts'

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) })
await prisma.$executeRaw`CREATE TABLE "User" (id serial PRIMARY KEY, name text NOT NULL)`
await prisma.$executeRaw`SET statement_timeout = '5s'`
await prisma.user.create({ data: { name: 'Ursula' } })
console.log((await prisma.user.findMany()).length, 'users')
await prisma.$disconnect()
