import type { Token } from './tokens.ts'

/** The expressions of a datasource by key: `url`, `directUrl`. */
export type Datasource = ReadonlyMap<string, readonly Token[]>

/** Finds `datasource: { url: …, directUrl: … }` in a configuration file. */
export function datasourceOfConfig(tokens: readonly Token[]): Datasource | undefined {
  const start = tokens.findIndex((_, at) => isKey(tokens, at, 'datasource') && tokens[at + 2]?.value === '{')
  return start === -1 ? undefined : membersOf(tokens, start + 3)
}

/** The value of the key `schema`, if it is a text. */
export function schemaOfConfig(tokens: readonly Token[]): string | undefined {
  const at = tokens.findIndex((_, index) => isKey(tokens, index, 'schema') && tokens[index + 2]?.is === 'text')
  return tokens[at + 2]?.value
}

function isKey(tokens: readonly Token[], at: number, key: string): boolean {
  const [token, colon] = [tokens[at], tokens[at + 1]]
  return token !== undefined && token.is !== 'sign' && token.value === key && colon?.value === ':'
}

const opening = new Set(['{', '(', '['])
const closing = new Set(['}', ')', ']'])

/** Reads `key: expression, …` up to the closing brace. */
function membersOf(tokens: readonly Token[], start: number): Datasource {
  const members = new Map<string, Token[]>()
  let current: Token[] | undefined
  let depth = 0
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at] as Token
    const sign = token.is === 'sign' ? token.value : ''
    if (depth === 0 && sign === '}') break
    if (depth === 0 && sign === ',') current = undefined
    else if (depth === 0 && current === undefined && tokens[at + 1]?.value === ':') {
      members.set(token.value, (current = []))
      at++
    } else {
      depth += Number(opening.has(sign)) - Number(closing.has(sign))
      current?.push(token)
    }
  }
  return members
}

/** Finds `datasource db { url = env("…") directUrl = … }` in a schema. */
export function datasourceOfSchema(tokens: readonly Token[]): Datasource | undefined {
  const start = tokens.findIndex(({ value }, at) => value === 'datasource' && tokens[at + 2]?.value === '{')
  if (start === -1) return undefined
  const members = new Map<string, Token[]>()
  let current: Token[] | undefined
  for (let at = start + 3; at < tokens.length && tokens[at]?.value !== '}'; at++) {
    const token = tokens[at] as Token
    if (tokens[at + 1]?.value === '=') {
      members.set(token.value, (current = []))
      at++
    } else current?.push(token)
  }
  return members
}
