import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import type { Options } from 'tsup'

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/**
 * An esbuild plugin that leaves core's `parser-files.ts` out of the build. {@link embedParser} writes what takes its
 * place.
 */
export const leaveParserFilesOut: Plugin = {
  name: 'leave-parser-files-out',
  setup({ onResolve }) {
    onResolve({ filter: /\/parser-files\.ts$/ }, () => ({ path: './parser-files.js', external: true }))
  },
}

/**
 * Writes the modules `parser-files.js` and `parser-files.cjs`, which contain libpg-query, 355 kB each. The text is
 * inside a function, so V8 does not compile it before the parser is needed.
 *
 * @param folder of the built package
 */
export function embedParser(folder: string): void {
  const { resolve: find } = createRequire(resolve('package.json'))
  const read = (name: string): Buffer => readFileSync(find(`libpg-query/wasm/${name}`))
  const licence = readFileSync(join(find('libpg-query/wasm/libpg-query.js'), '../../LICENSE'), 'utf8')
  const text = `/*!
The data in this file are libpg-query, compressed. It contains libpg_query (BSD-3-Clause) and parts of PostgreSQL (PostgreSQL License).

${licence.trim()}
*/
function readParserFiles() {
  const { brotliDecompressSync } = process.getBuiltinModule("node:zlib");
  const inflate = (text) => brotliDecompressSync(Buffer.from(text, "base64"));
  return {
    wasm: inflate("${compressed(read('libpg-query.wasm'))}"),
    glue: inflate("${compressed(read('libpg-query.js'))}").toString()
  };
}
`
  writeFileSync(join(folder, 'parser-files.js'), `${text}export { readParserFiles };\n`)
  writeFileSync(join(folder, 'parser-files.cjs'), `"use strict";\n${text}exports.readParserFiles = readParserFiles;\n`)
}

function compressed(data: Buffer): string {
  return brotliCompressSync(data, {
    params: { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
  }).toString('base64')
}
