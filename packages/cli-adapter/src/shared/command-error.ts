/** What a person did not get, and why: printed without a stack, exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
