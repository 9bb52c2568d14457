import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** PostgreSQL's parser as WebAssembly, and the JavaScript from Emscripten that starts it. */
export interface ParserFiles {
  readonly wasm: Uint8Array
  readonly glue: string
}

/**
 * Reads the files of libpg-query. The build replaces this module with one that contains them
 * (`test/packed/build/embed-parser.ts`), because a bundler does not find files that are looked up at run time.
 */
export function readParserFiles(): ParserFiles {
  const { resolve } = createRequire(import.meta.url)
  return {
    wasm: readFileSync(resolve('libpg-query/wasm/libpg-query.wasm')),
    glue: readFileSync(resolve('libpg-query/wasm/libpg-query.js'), 'utf8'),
  }
}
