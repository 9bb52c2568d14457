import { ancestors, bare, isFunction, lastName, type Node, type Syntax } from './syntax.ts'

/** A name that a file declares. */
export interface Declaration {
  readonly name: string
  /** The node in which the name is visible. */
  readonly scope: Node
  /** The value, if the name is given one where it is declared and never again. */
  readonly init?: Node
  /** The function that has it as a parameter. */
  readonly functionOf?: Node
  /** The list of which it is one element after the other: `for (const text of list)`, `list.map((text) => …)`. */
  readonly elementOf?: Node
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

/** An assignment to a name. */
export type Assignment = Extract<Node, { type: 'AssignmentExpression' }>

/** The names of a file. */
export class Names {
  readonly #syntax: Syntax
  readonly #byName = new Map<string, Map<Node, Declaration>>()
  readonly #assigned = new Map<string, Assignment[]>()
  /** The assignments of the names that were asked for, by declaration. */
  readonly #assignments = new Map<string, ReadonlyMap<Declaration, readonly Assignment[]>>()

  constructor(syntax: Syntax) {
    this.#syntax = syntax
    for (const node of syntax.nodes) this.#declare(node)
  }

  /** The modules that the file imports. */
  get modules(): ReadonlySet<string> {
    const modules = new Set<string>()
    for (const byScope of this.#byName.values())
      for (const { imported } of byScope.values()) if (imported !== undefined) modules.add(imported.module)
    return modules
  }

  /** Returns what a name means at a node: the innermost declaration around it. */
  resolve(name: string, at: Node): Declaration | undefined {
    const byScope = this.#byName.get(name)
    if (byScope === undefined) return undefined
    // A minified file declares the same name thousands of times, so the scopes are walked and not the declarations.
    for (let scope: Node | undefined = at; scope !== undefined; scope = this.#syntax.parents.get(scope)) {
      const found = byScope.get(scope)
      if (found !== undefined) return found
    }
    return byScope.get(this.#syntax.root)
  }

  /** Returns the value of a name that never changes. */
  valueOf(name: string, at: Node): Node | undefined {
    const found = this.resolve(name, at)
    return found === undefined || this.assignmentsTo(found).length > 0 ? undefined : found.init
  }

  /** Returns the assignments that change a name after its declaration, in the order of the source. */
  assignmentsTo(found: Declaration): readonly Assignment[] {
    const known = this.#assignments.get(found.name) ?? this.#groupAssignments(found.name)
    return known.get(found) ?? []
  }

  #groupAssignments(name: string): ReadonlyMap<Declaration, readonly Assignment[]> {
    const grouped = new Map<Declaration, Assignment[]>()
    for (const node of this.#assigned.get(name) ?? []) {
      const found = this.resolve(name, node)
      if (found === undefined) continue
      const known = grouped.get(found)
      if (known === undefined) grouped.set(found, [node])
      else known.push(node)
    }
    this.#assignments.set(name, grouped)
    return grouped
  }

  /** Returns the declarations at the top of the file, for other files that import them. */
  exported(name: string): Node | undefined {
    return this.valueOf(name, this.#syntax.root)
  }

  #declare(node: Node): void {
    switch (node.type) {
      case 'VariableDeclarator':
        this.#declareVariable(node)
        break
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (node.type === 'FunctionDeclaration') this.#declareOwn(node.id, node)
        this.#declareParameters(node, node.params)
        break
      case 'ClassDeclaration':
      case 'TSEnumDeclaration':
        this.#declareOwn(node.id, node)
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
        if (node.left.type === 'Identifier') this.#noteAssignment(node.left.name, node)
        break
      default:
    }
  }

  #declareVariable(node: Extract<Node, { type: 'VariableDeclarator' }>): void {
    const scope = this.#blockOf(node)
    const module = node.init === null ? undefined : requiredModule(node.init)
    if (module !== undefined) {
      for (const { name, local } of requiredNames(node.id))
        this.#add({ name: local, scope, node, imported: { module, name } })
      return
    }
    const loop = this.#syntax.parents.get(this.#syntax.parents.get(node) ?? node)
    const isElement = node.init === null && node.id.type === 'Identifier' && loop?.type === 'ForOfStatement'
    if (isElement && node.id.type === 'Identifier')
      this.#add({ name: node.id.name, scope: loop, node, elementOf: loop.right })
    else this.#declarePattern(node.id, scope, node, node.init ?? undefined)
  }

  /** The name of a function, a class or an enum, in the block around it. */
  #declareOwn(id: Node | null, node: Node): void {
    if (id?.type === 'Identifier') this.#add({ name: id.name, scope: this.#blockOf(node), node, init: node })
  }

  #declareParameters(node: Node, params: readonly Node[]): void {
    const call = this.#syntax.parents.get(node)
    const list = call?.type === 'CallExpression' ? listOfCall(call) : undefined
    for (const [index, param] of params.entries()) {
      if (list !== undefined && index === 0 && param.type === 'Identifier')
        this.#add({ name: param.name, scope: node, node: param, functionOf: node, elementOf: list })
      else this.#declarePattern(param, node, param, undefined, node)
    }
  }

  #noteAssignment(name: string, node: Assignment): void {
    const known = this.#assigned.get(name)
    if (known === undefined) this.#assigned.set(name, [node])
    else known.push(node)
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
    const { name, scope } = declaration
    const byScope = this.#byName.get(name)
    if (byScope === undefined) this.#byName.set(name, new Map([[scope, declaration]]))
    else if (!byScope.has(scope)) byScope.set(scope, declaration)
  }

  #blockOf(node: Node): Node {
    for (const around of ancestors(this.#syntax, node)) {
      if (isFunction(around) || blocks.has(around.type)) return around
    }
    return this.#syntax.root
  }
}

/** `list` of `list.map(…)`, `list.forEach(…)`. */
function listOfCall({ callee }: Extract<Node, { type: 'CallExpression' }>): Node | undefined {
  const at = bare(callee)
  const isLoop = at.type === 'MemberExpression' && /^(?:map|forEach|flatMap)$/.test(lastName(at) ?? '')
  return isLoop ? at.object : undefined
}

/** `./queries` of `require('./queries')`. */
function requiredModule(given: Node): string | undefined {
  const node = bare(given)
  if (node.type !== 'CallExpression' || lastName(node.callee) !== 'require') return undefined
  const [module] = node.arguments
  return module?.type === 'Literal' && typeof module.value === 'string' ? module.value : undefined
}

/** The names that `const { lock, path: searchPath } = require(…)` declares, with those in the module. */
function requiredNames(pattern: Node): { readonly name: string; readonly local: string }[] {
  if (pattern.type === 'Identifier') return [{ name: '*', local: pattern.name }]
  if (pattern.type !== 'ObjectPattern') return []
  return pattern.properties.flatMap((property) =>
    property.type === 'Property' && property.key.type === 'Identifier' && property.value.type === 'Identifier'
      ? [{ name: property.key.name, local: property.value.name }]
      : [],
  )
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
