// Without `serverExternalPackages`, so that Next.js bundles poolsafe.
export default {
  distDir: process.env['NEXT_DIST_FOLDER'],
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
}
