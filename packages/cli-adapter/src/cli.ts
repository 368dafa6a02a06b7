// The entry of the command `learnpack-telemetry`, and of the same commands under `learnpack telemetry:`.

import { CommanderError } from 'commander'
import { CommandError } from './command-error'
import { EXIT } from './exit-code'
import { standard, visible, type Output } from './output'
import { program } from './program'

export { program }

// Whoever reads our output may stop reading: `replay | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

/** Runs the command and returns its exit code. */
export async function main(args: readonly string[], output: Output = standard): Promise<number> {
  let code: number = EXIT.ok
  try {
    await program(output, (worse) => (code = Math.max(code, worse))).parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (!(error instanceof CommandError) && !isOfSystem(error)) throw error
    output.err(`learnpack-telemetry: ${visible(error.message)}\n`)
    return EXIT.failed
  }
}

/** A file or folder that may not be read, for one: what it says names it. */
const isOfSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error
