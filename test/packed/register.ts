import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { entryOf, packedSystem } from './packed.ts'

// POOLSAFE_PACKED=require node --import ./test/packed/register.ts <script> Makes a script import the packages from the
// tarballs of `npm run build`, as ES modules (`import`) or as CommonJS (`require`).

const system = packedSystem() ?? 'import'

registerHooks({
  resolve: (specifier, context, nextResolve) =>
    nextResolve(
      specifier.startsWith('@poolsafe/') ? pathToFileURL(entryOf(specifier, system)).href : specifier,
      context,
    ),
})
