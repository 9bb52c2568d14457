/** How a bundler makes one program of `project/app/main.ts`, without its packages. */
export interface Bundler {
  readonly name: string
  /** Commands with their arguments, in the folder of the project. `node` is the Node of this process. */
  readonly commands: readonly (readonly string[])[]
  /** The program that they write into `out/<name>`. */
  readonly program: string
}

const esbuild = ['node_modules/.bin/esbuild', 'app/main.js', '--bundle', '--platform=node', '--log-level=warning']

/** Lets an ES module of esbuild require Node's own modules, as esbuild's documentation advises. */
const requireBanner =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** From Node's documentation of single executables. */
const fuse = ['--sentinel-fuse', 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2']

export const bundlers: readonly Bundler[] = [
  {
    name: 'esbuild',
    commands: [[...esbuild, '--format=esm', requireBanner, '--outfile=out/esbuild/main.mjs']],
    program: 'main.mjs',
  },
  {
    name: 'esbuild, CommonJS, minified',
    commands: [[...esbuild, '--format=cjs', '--minify', '--outfile=out/esbuild, CommonJS, minified/main.cjs']],
    program: 'main.cjs',
  },
  {
    name: 'Rollup',
    commands: [
      [
        'node_modules/.bin/rollup',
        'app/main.js',
        '--dir=out/Rollup',
        '--format=es',
        '--entryFileNames=[name].mjs',
        '--silent',
        '--plugin=@rollup/plugin-node-resolve',
        "--plugin=@rollup/plugin-commonjs={ignore:['pg-native']}",
        '--plugin=@rollup/plugin-json',
      ],
    ],
    program: 'main.mjs',
  },
  {
    name: 'Vite SSR',
    commands: [
      ['node_modules/.bin/vite', 'build', '--ssr', 'app/main.js', '--outDir', 'out/Vite SSR', '--logLevel', 'error'],
    ],
    program: 'main.mjs',
  },
  {
    name: 'ncc, minified',
    commands: [['node_modules/.bin/ncc', 'build', 'app/main.js', '--minify', '--out', 'out/ncc, minified', '--quiet']],
    program: 'index.js',
  },
  {
    name: 'single executable',
    commands: [
      [...esbuild, '--format=cjs', '--outfile=out/main.cjs'],
      ['node', '--experimental-sea-config', 'single-executable.json'],
      [
        'node',
        '-e',
        "fs.mkdirSync('out/single executable', { recursive: true }); fs.copyFileSync(process.execPath, 'out/single executable/program')",
      ],
      ['node_modules/.bin/postject', 'out/single executable/program', 'NODE_SEA_BLOB', 'out/main.blob', ...fuse],
    ],
    program: 'program',
  },
]
