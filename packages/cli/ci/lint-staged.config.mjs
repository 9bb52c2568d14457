// For lint-staged, which appends the names of the staged files.
export default {
  '*.{js,jsx,mjs,cjs,ts,tsx,mts,cts,vue,svelte,astro,sql}': 'poolsafe check --format concise',
}
