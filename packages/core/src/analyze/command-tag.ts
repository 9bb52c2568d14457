import type { Node } from '@pgsql/types'

/** Statements that define nothing, so they fire no event trigger. Those that PostgreSQL leaves out are among them. */
const firesNone =
  /^(Select|Insert|Update|Delete|Merge|Copy|Call|Do|Prepare|Execute|Deallocate|Explain|Transaction|VariableSet|VariableShow|Listen|Unlisten|Notify|Load|Lock|Vacuum|Truncate|Checkpoint|Discard|DeclareCursor|Fetch|ClosePortal|ConstraintsSet|Cluster|Createdb|Dropdb|AlterDatabase|AlterDatabaseSet|AlterDatabaseRefreshColl|CreateRole|AlterRole|AlterRoleSet|DropRole|GrantRole|AlterSystem|CreateTableSpace|DropTableSpace|AlterTableSpaceOptions|CreateEventTrig|AlterEventTrig)(Stmt)?$/

const named: Readonly<Record<string, string>> = {
  CreateStmt: 'CREATE TABLE',
  ViewStmt: 'CREATE VIEW',
  IndexStmt: 'CREATE INDEX',
  CreateSeqStmt: 'CREATE SEQUENCE',
  AlterSeqStmt: 'ALTER SEQUENCE',
  CreateTrigStmt: 'CREATE TRIGGER',
  CreateSchemaStmt: 'CREATE SCHEMA',
  CreateDomainStmt: 'CREATE DOMAIN',
  CreateEnumStmt: 'CREATE TYPE',
  CompositeTypeStmt: 'CREATE TYPE',
  CreatePolicyStmt: 'CREATE POLICY',
  AlterPolicyStmt: 'ALTER POLICY',
  CreateExtensionStmt: 'CREATE EXTENSION',
  CommentStmt: 'COMMENT',
  RuleStmt: 'CREATE RULE',
  RefreshMatViewStmt: 'REFRESH MATERIALIZED VIEW',
}

/** How the command tag of a statement begins, by the field that names the kind of its object. */
const kinds: Readonly<Record<string, readonly [string, string]>> = {
  AlterTableStmt: ['ALTER', 'objtype'],
  DropStmt: ['DROP', 'removeType'],
  RenameStmt: ['ALTER', 'renameType'],
  CreateTableAsStmt: ['CREATE', 'objtype'],
}

/**
 * Returns the command tag of a statement that fires event triggers: `CREATE TABLE`. The empty text is for one whose tag
 * is not known, `undefined` for one that fires none.
 */
export function commandTagOf(statement: Node): string | undefined {
  const [[tag, node] = ['', {}]] = Object.entries(statement) as [string, Readonly<Record<string, unknown>>][]
  if (firesNone.test(tag)) return undefined
  const [verb, field] = kinds[tag] ?? []
  if (verb === undefined || field === undefined) return named[tag] ?? ''
  const kind = String(node[field])
    .replace(/^OBJECT_/, '')
    .replace('MATVIEW', 'MATERIALIZED VIEW')
    .replaceAll('_', ' ')
  return tag === 'CreateTableAsStmt' && kind === 'TABLE' ? 'CREATE TABLE AS' : `${verb} ${kind}`
}
