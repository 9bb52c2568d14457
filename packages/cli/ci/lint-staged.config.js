// For lint-staged, which appends the names of the staged files.
export default {
  '*.{js,jsx,mjs,cjs,ts,tsx,mts,cts,sql}': 'poolsafe check --format concise',
}
