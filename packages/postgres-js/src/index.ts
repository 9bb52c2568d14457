// Guards postgres.js: judges each query before it is sent, and bounds the wait for a connection.
export { guardSql, guardSqlMeanwhile, type SqlOptions } from './guard-sql.ts'
