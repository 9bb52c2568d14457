import { tryPoolsafe } from './try-poolsafe.ts'

tryPoolsafe().then(
  (result) => console.log(JSON.stringify(result)),
  (error: unknown) => {
    console.error(error)
    process.exitCode = 1
  },
)
