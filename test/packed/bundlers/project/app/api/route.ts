import { tryPoolsafe } from '../try-poolsafe.ts'

/** Next.js would answer at build time otherwise. */
export const dynamic = 'force-dynamic'

/** The route `/api` of Next.js. */
export async function GET(): Promise<Response> {
  return Response.json(await tryPoolsafe())
}
