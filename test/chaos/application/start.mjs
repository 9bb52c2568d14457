import { start } from './application.ts'

await start((name) => import(name))
