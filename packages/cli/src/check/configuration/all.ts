// The one list of detectors of configuration in code, a line each.
export { kyselyMigrator, lockingMigrators } from './migrators.ts'
export { drizzlePrepare, postgresJsPrepare, prismaNames } from './named-statements.ts'
export { prismaConfig } from './prisma-config.ts'
export { startupParameters } from './startup-parameters.ts'
export { knexSearchPath, listeningLibraries, pgPromiseSchema, sequelizeSettings } from './statements-at-connect.ts'
