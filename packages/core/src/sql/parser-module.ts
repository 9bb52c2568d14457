import { createContext, runInContext } from 'node:vm'
import { readParserFiles } from './parser-files.ts'

/** The part of libpg-query's Emscripten module that poolsafe uses. */
export interface ParserModule {
  _malloc(bytes: number): number
  _free(pointer: number): void
  _wasm_parse_query_raw(textPointer: number): number
  _wasm_free_parse_result(resultPointer: number): void
  _wasm_parse_plpgsql(textPointer: number): number
  _wasm_scan(textPointer: number): number
  _wasm_free_string(textPointer: number): void
  lengthBytesUTF8(text: string): number
  stringToUTF8(text: string, pointer: number, bytes: number): void
  UTF8ToString(pointer: number): string
  getValue(pointer: number, type: 'i32'): number
}

/** The parts that later instances share with the first one. */
interface Program {
  readonly module: object
  readonly Instance: WebAssemblyApi['Instance']
  readonly glue: string
}

/** The part of the global `WebAssembly` that poolsafe uses. Node's types leave it to the DOM's. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => object
}

const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi | undefined }

let program: Program | undefined

/**
 * Starts an instance of PostgreSQL's parser. libpg-query's own entry loads asynchronously, keeps one instance forever,
 * and sets `process.exitCode` when it runs out of memory. poolsafe must judge a statement before it is sent, in order
 * and without waiting. So it starts the package's Emscripten module itself, in a context whose promises are settled
 * before `runInContext` returns. The context has no `process` and no `require`, so the module touches neither files nor
 * exit codes.
 */
export function startParser(): ParserModule {
  program ??= loadProgram()
  const { module, Instance, glue } = program
  const started: { module?: ParserModule } = {}
  const options = {
    instantiateWasm(imports: object, done: (instance: object) => void) {
      done(new Instance(module, imports))
      return {}
    },
  }
  const console = { log() {}, warn() {}, error() {} }
  const globals = { started, options, console, WebAssembly, URL, TextDecoder, BigInt64Array, BigUint64Array }
  const context = createContext(globals, { microtaskMode: 'afterEvaluate' })
  runInContext(`${glue};PgQueryModule(options).then((module) => { started.module = module })`, context, {
    filename: 'libpg-query.js',
  })
  if (started.module === undefined)
    throw new Error('libpg-query did not start: this JavaScript runtime does not settle promises of a vm context')
  return started.module
}

function loadProgram(): Program {
  if (WebAssembly === undefined)
    throw new Error('poolsafe needs WebAssembly to parse statements: start Node without --jitless')
  const { wasm, glue } = readParserFiles()
  return { module: new WebAssembly.Module(wasm), Instance: WebAssembly.Instance, glue }
}
