/** A token of TypeScript, JavaScript or of a Prisma schema, as far as the address of a database is written in it. */
export interface Token {
  readonly is: 'text' | 'name' | 'sign'
  /** The value of a text, without its quotes. */
  readonly value: string
}

/** Comments, texts, names, and any other character. A quote in a regular expression would be taken for a text. */
const pattern =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`|([\w$]+)|(\?\?|\|\||\S)/g

/** Splits a text into tokens, without comments and white space. */
export function tokensOf(text: string): Token[] {
  return [...text.matchAll(pattern)].flatMap(([, double, single, template, name, sign]): Token[] => {
    const value = double ?? single ?? template
    if (value !== undefined) return [{ is: 'text', value: value.replaceAll(/\\(.)/g, '$1') }]
    if (name !== undefined) return [{ is: 'name', value: name }]
    return sign === undefined ? [] : [{ is: 'sign', value: sign }]
  })
}

/** A text, and its place of origin. */
export interface Found {
  /** The name of an environment variable; `undefined` for a text that is written out. */
  readonly variable: string | undefined
  readonly value: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Evaluates `'…'`, `env('NAME')`, `process.env.NAME`, `process.env['NAME']`, and the first of several with a value.
 *
 * @returns undefined for any other expression, and for a variable without a value
 */
export function evaluate(expression: readonly Token[], env: Environment): Found | undefined {
  for (const alternative of alternativesOf(expression)) {
    const found = evaluateOne(alternative, env)
    if (found === 'unknown') return undefined
    if (found !== undefined) return found
  }
  return undefined
}

function alternativesOf(expression: readonly Token[]): Token[][] {
  const alternatives: Token[][] = [[]]
  for (const token of expression) {
    if (token.is === 'sign' && (token.value === '??' || token.value === '||')) alternatives.push([])
    else alternatives.at(-1)?.push(token)
  }
  return alternatives
}

function evaluateOne(expression: readonly Token[], env: Environment): Found | 'unknown' | undefined {
  const [first] = expression
  if (expression.length === 1 && first?.is === 'text')
    return first.value.includes('${') ? 'unknown' : { variable: undefined, value: first.value }
  const variable = variableOf(expression)
  if (variable === undefined) return 'unknown'
  const value = env[variable]
  return value === undefined || value === '' ? undefined : { variable, value }
}

/** The name of an environment variable stands last, in `env("NAME")` as in `process.env.NAME!` and `Deno.env.get()`. */
function variableOf(expression: readonly Token[]): string | undefined {
  if (!expression.some(({ is, value }) => is === 'name' && value === 'env')) return undefined
  const values = expression.filter(({ is }) => is !== 'sign').map(({ value }) => value)
  const name = values.findLast((value) => value !== 'string' && value !== 'as')
  return name !== undefined && /^[A-Z_][A-Z0-9_]*$/.test(name) ? name : undefined
}
