// The one list of detectors of configuration in code, a line each.
export { listeningLibraries } from './listeners.ts'
export { migrationUrls } from './migration-urls.ts'
export { kyselyMigrator, lockingMigrators, settingMigrators } from './migrators.ts'
export {
  drizzlePostgresJs,
  drizzlePrepare,
  pgNames,
  pgPromiseNames,
  postgresJsPrepare,
  prismaNames,
} from './named-statements.ts'
export { postgresJsListen } from './postgres-js.ts'
export { prismaConfig } from './prisma-config.ts'
export { startupParameters } from './startup-parameters.ts'
export { sequelizeSettings } from './sequelize.ts'
export { knexSearchPath, pgPromiseSchema } from './statements-at-connect.ts'
