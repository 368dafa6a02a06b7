// The entry of the command `learnpack-telemetry`, and of the same commands under `learnpack telemetry:`.

import { CommanderError } from 'commander'
import { EXIT } from './commands/exit-code'
import { program } from './commands/program'
import { CommandError } from './shared/command-error'
import { Interrupted, standard, visible, type Output } from './shared/output'

export { program }

const NAME = 'learnpack-telemetry'
/** Set to anything, a bug is shown with its stack. */
const DEBUG = 'LEARNPACK_TELEMETRY_DEBUG'

/** Some output could not be written, as on a full disk. */
let isLost = false

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader may stop early: `replay | head` is not an error.
  if (error.code === 'EPIPE' || isLost) return
  isLost = true
  process.exitCode = EXIT.failed
  standard.err(`${NAME}: the output could not be written (${error.message})\n`)
})
// There is nowhere left to report it.
process.stderr.on('error', () => {})

/** Runs the command and returns its exit code. Never rejects: every error becomes a message. */
export async function main(args: readonly string[], output: Output = standard): Promise<number> {
  let code: number = EXIT.ok
  try {
    await program(output, (worse) => (code = Math.max(code, worse))).parseAsync([...args], { from: 'user' })
  } catch (error) {
    // Commander has printed it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const failure = failureOf(error)
    output.err(`${failure.message}\n`)
    code = failure.code
  }
  return isLost ? Math.max(code, EXIT.failed) : code
}

/** The one place that makes a message and an exit code of an error. */
function failureOf(error: unknown): { code: number; message: string } {
  // The shell's prompt should not begin on the line of the question.
  if (error instanceof Interrupted) return { code: EXIT.interrupted, message: '' }
  if (error instanceof CommandError || isOfSystem(error))
    return { code: EXIT.failed, message: `${NAME}: ${visible(error.message)}` }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  const advice = process.env[DEBUG]
    ? visible(stack ?? '')
    : `Please report it, with what ${DEBUG}=1 in the environment makes it print.`
  return { code: EXIT.bug, message: `${NAME}: a bug of this program: ${visible(message)}\n${advice}` }
}

/** Such as a file that may not be read: its message names the file. */
const isOfSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error
