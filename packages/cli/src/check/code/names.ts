import { ancestors, bare, isFunction, type Node, type Syntax } from './syntax.ts'

/** A name that a file declares. */
export interface Declaration {
  readonly name: string
  /** The node in which the name is visible. */
  readonly scope: Node
  /** The value, if the name is given one where it is declared and never again. */
  readonly init?: Node
  /** The function that has it as a parameter. */
  readonly functionOf?: Node
  /** The declaration itself: a parameter, a declarator. */
  readonly node: Node
  readonly imported?: Imported
}

/** A name that comes from another module. */
export interface Imported {
  readonly module: string
  /** The name there; `default`, or `*` for the whole module. */
  readonly name: string
}

/** The names of a file. */
export class Names {
  readonly #syntax: Syntax
  readonly #byName = new Map<string, Declaration[]>()
  readonly #assigned = new Set<string>()

  constructor(syntax: Syntax) {
    this.#syntax = syntax
    for (const node of syntax.nodes) this.#declare(node)
  }

  /** The modules that the file imports. */
  get modules(): ReadonlySet<string> {
    const all = [...this.#byName.values()].flat()
    return new Set(all.flatMap(({ imported }) => (imported === undefined ? [] : [imported.module])))
  }

  /** Returns what a name means at a node: the innermost declaration around it. */
  resolve(name: string, at: Node): Declaration | undefined {
    const around = this.#byName.get(name)?.filter(({ scope }) => scope.start <= at.start && at.end <= scope.end)
    return around?.toSorted((one, other) => sizeOf(one.scope) - sizeOf(other.scope))[0]
  }

  /** Returns the value of a name that never changes. */
  valueOf(name: string, at: Node): Node | undefined {
    const found = this.resolve(name, at)
    return found === undefined || this.#assigned.has(name) ? undefined : found.init
  }

  /** Returns the declarations at the top of the file, for other files that import them. */
  exported(name: string): Node | undefined {
    return this.valueOf(name, this.#syntax.root)
  }

  #declare(node: Node): void {
    switch (node.type) {
      case 'VariableDeclarator':
        this.#declarePattern(node.id, this.#blockOf(node), node, node.init ?? undefined)
        break
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        for (const param of node.params) this.#declarePattern(param, node, param, undefined, node)
        break
      case 'ImportDeclaration':
        for (const specifier of node.specifiers)
          this.#add({
            name: specifier.local.name,
            scope: this.#syntax.root,
            node: specifier,
            imported: { module: node.source.value, name: importedName(specifier) },
          })
        break
      case 'CatchClause':
        if (node.param !== null) this.#declarePattern(node.param, node, node.param)
        break
      case 'AssignmentExpression':
        if (node.left.type === 'Identifier') this.#assigned.add(node.left.name)
        break
      default:
    }
  }

  #declarePattern(pattern: Node, scope: Node, node: Node, init?: Node, functionOf?: Node): void {
    const more = { scope, node, ...(functionOf !== undefined && { functionOf }) }
    switch (pattern.type) {
      case 'Identifier':
        this.#add({ name: pattern.name, ...more, ...(init !== undefined && { init }) })
        break
      case 'AssignmentPattern':
        this.#declarePattern(pattern.left, scope, node, undefined, functionOf)
        break
      case 'ObjectPattern':
        for (const property of pattern.properties)
          this.#declarePattern(
            property.type === 'Property' ? property.value : property.argument,
            scope,
            node,
            undefined,
            functionOf,
          )
        break
      case 'ArrayPattern':
        for (const element of pattern.elements)
          if (element !== null) this.#declarePattern(element, scope, node, undefined, functionOf)
        break
      case 'TSParameterProperty':
        this.#declarePattern(pattern.parameter, scope, node, undefined, functionOf)
        break
      case 'RestElement':
        this.#declarePattern(pattern.argument, scope, node, undefined, functionOf)
        break
      default:
    }
  }

  #add(declaration: Declaration): void {
    const known = this.#byName.get(declaration.name)
    if (known === undefined) this.#byName.set(declaration.name, [declaration])
    else known.push(declaration)
  }

  #blockOf(node: Node): Node {
    for (const around of ancestors(this.#syntax, node)) {
      if (isFunction(around) || blocks.has(around.type)) return around
    }
    return this.#syntax.root
  }
}

const blocks: ReadonlySet<string> = new Set([
  'BlockStatement',
  'Program',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'SwitchStatement',
  'StaticBlock',
  'TSModuleBlock',
])

function sizeOf({ start, end }: Node): number {
  return end - start
}

function importedName(specifier: Node): string {
  if (specifier.type === 'ImportSpecifier')
    return 'name' in specifier.imported ? specifier.imported.name : specifier.imported.value
  return specifier.type === 'ImportNamespaceSpecifier' ? '*' : 'default'
}

/** Returns the value of a property of an object literal, or of an enum-like `as const` object. */
export function propertyOf(object: Node, name: string): Node | undefined {
  const literal = bare(object)
  if (literal.type !== 'ObjectExpression') return undefined
  for (const property of literal.properties) {
    if (property.type !== 'Property' || property.computed) continue
    const { key } = property
    const known = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined
    if (known === name) return property.value
  }
  return undefined
}
