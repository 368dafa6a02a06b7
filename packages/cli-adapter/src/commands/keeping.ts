import { CommandError } from '../shared/command-error'

/**
 * Keeps a choice of the user's.
 * @param problem of the file it is kept in, if it can say more than the error
 * @throws CommandError
 */
export function keeping<T>(action: () => T, problem: () => string | undefined = () => undefined): T {
  try {
    return action()
  } catch (error) {
    throw new CommandError(problem() ?? `the choice could not be kept: ${(error as Error).message}`)
  }
}
