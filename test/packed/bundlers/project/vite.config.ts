// All packages are bundled. Vite leaves them out of a server bundle otherwise.
export default {
  build: { rolldownOptions: { output: { entryFileNames: 'main.mjs' } } },
  ssr: { noExternal: true, external: ['pg-native'] },
}
