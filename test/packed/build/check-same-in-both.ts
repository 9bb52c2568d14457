import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseAst } from 'vitest/node'

/** A node of a syntax tree (ESTree). */
interface SyntaxNode {
  readonly type: string
  readonly [field: string]: unknown
}

/**
 * Compares each ES module with its CommonJS build: the names that they export, and the fields and methods of their
 * classes.
 *
 * @throws Error that names the module and the first difference
 */
export async function checkSameInBoth(modules: readonly string[]): Promise<void> {
  for (const esm of modules) {
    const commonJs = esm.replace(/\.js$/, '.cjs')
    demandSame(commonJs, classMembersOf(esm), classMembersOf(commonJs))
    demandSame(commonJs, await namesOfImport(esm), namesOfRequire(commonJs))
  }
}

function demandSame(file: string, inEsm: readonly string[], inCommonJs: readonly string[]): void {
  const length = Math.max(inEsm.length, inCommonJs.length)
  for (let index = 0; index < length; index++) {
    if (inEsm[index] === inCommonJs[index]) continue
    throw new Error(
      `${file} has ${inCommonJs[index] ?? 'nothing'} where the ES module has ${inEsm[index] ?? 'nothing'}`,
    )
  }
}

/**
 * Every member of every class of a module, in the order of the text, such as `PropertyDefinition onlyBegins = Literal`.
 */
function classMembersOf(file: string): string[] {
  const members: string[] = []
  const imported = new Set<unknown>()
  visit(parseAst(readFileSync(file, 'utf8')), (node) => {
    if (node.type === 'ImportSpecifier') imported.add((node['local'] as SyntaxNode)['name'])
    if (node.type !== 'ClassBody') return
    members.push(...(node['body'] as SyntaxNode[]).map((member) => describeMember(member, imported)))
  })
  return members
}

function describeMember({ type, key, value, static: isStatic }: SyntaxNode, imported: ReadonlySet<unknown>): string {
  const { name, value: literal, type: keyType } = (key ?? {}) as { name?: string; value?: string; type?: string }
  const kind = kindOf(value as SyntaxNode | null | undefined, imported)
  return `${isStatic === true ? 'static ' : ''}${type} ${name ?? literal ?? keyType ?? ''} = ${kind}`
}

/** The type of a value's node. CommonJS reads an imported name as a property of the imported module. */
function kindOf(value: SyntaxNode | null | undefined, imported: ReadonlySet<unknown>): string {
  if (value?.type === 'Identifier' && imported.has(value['name'])) return 'MemberExpression'
  return value?.type ?? 'nothing'
}

function visit(value: unknown, see: (node: SyntaxNode) => void): void {
  if (typeof value !== 'object' || value === null) return
  if ('type' in value) see(value as SyntaxNode)
  for (const child of Object.values(value)) visit(child, see)
}

async function namesOfImport(file: string): Promise<string[]> {
  return Object.keys((await import(pathToFileURL(resolve(file)).href)) as object).toSorted()
}

function namesOfRequire(file: string): string[] {
  return Object.keys(createRequire(import.meta.url)(resolve(file)) as object).toSorted()
}
