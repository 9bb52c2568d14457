import { partsOf } from './lexer.ts'

/** sqlc, PgTyped, Sequelize, Knex with names, templates. */
const named = String.raw`\{\{[^}\n]*\}\}|\$\{[^}\n]*\}|(?<![\w:@]):(?=[a-z_])\w+!?|(?<![\w@])@[a-z_]\w*`
/** Knex and Sequelize have question marks; pg-promise has names in four kinds of brackets, and formats. */
const ofDrivers = String.raw`\$[</([][\w.:]+[>/)\]]|\$\d+(?::\w+|[~#^])|\?\??`
const inScripts = new RegExp(named, 'gi')
const inCode = new RegExp(`${named}|${ofDrivers}`, 'gi')

/** Makes names of the placeholders in a script. Each keeps its length, and what is quoted stays as it is. */
export function nameScriptPlaceholders(sql: string): string {
  return replaceInCode(sql, inScripts)
}

/**
 * Makes names of the placeholders that a library replaces before it sends a text. A question mark is an operator of
 * PostgreSQL too, so this is for texts that do not parse as they are.
 */
export function nameDriverPlaceholders(sql: string): string {
  return replaceInCode(sql, inCode)
}

function replaceInCode(sql: string, placeholder: RegExp): string {
  const parts = partsOf(sql).map(({ place, from, to }) => {
    const text = sql.slice(from, to)
    return place === 'code' ? text.replaceAll(placeholder, (found) => 'x'.repeat(found.length)) : text
  })
  return parts.join('')
}
